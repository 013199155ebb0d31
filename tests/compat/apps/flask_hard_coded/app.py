from flask import Flask, jsonify, redirect, request

app = Flask(__name__)

PAGE = """<!doctype html>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/style.css">
<h1>Order</h1>
<form method="post" action="/order"><input name="what" value="tea"><button>Order</button></form>
<p id="answer"></p>
<script>
  const options = {method: "POST", headers: {"Content-Type": "application/json"}, body: '{"day": "today"}'};
  fetch("/api/menu", options)
    .then((answer) => answer.json())
    .then((menu) => { document.querySelector("#answer").textContent = menu.text; });
</script>
"""


@app.get("/")
def index():
    return PAGE


@app.post("/api/menu")
def menu():
    return jsonify(text=f"menu of {request.json['day']}")


@app.post("/order")
def order():
    return redirect(f"/done/{request.form['what']}")


@app.get("/done/<what>")
def done(what):
    return f'<link rel="icon" href="data:,"><h1>Ordered {what}</h1>'
