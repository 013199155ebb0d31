import argparse

from flask import Flask

web = Flask(__name__)


@web.route("/")
def index():
    return "<link rel=icon href='data:,'><p>guarded</p>"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    web.run(port=parser.parse_args().port)


if __name__ == "__main__":
    main()
