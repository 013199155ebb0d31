import time

from flask import Flask

time.sleep(3)
app = Flask(__name__)


@app.get("/")
def index():
    return "<link rel=icon href='data:,'><p>awake</p>"
