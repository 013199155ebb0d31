from flask import Flask, session

app = Flask(__name__)
app.secret_key = "secret of two"


@app.route("/")
def count():
    session["n"] = session.get("n", 0) + 1
    return f'<link rel="icon" href="data:,"><p>two: {session["n"]}</p>'


if __name__ == "__main__":
    app.run()
