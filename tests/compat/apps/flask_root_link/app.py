from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    return '<link rel="icon" href="data:,"><h1>Front page</h1><a href="/inner">Inside</a>'


@app.get("/inner")
def inner():
    return '<link rel="icon" href="data:,"><h1>Inside</h1><a href="/">Home</a>'
