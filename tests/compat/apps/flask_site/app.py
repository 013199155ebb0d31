from flask import Flask, flash, redirect, render_template, request, session, url_for

app = Flask(__name__)
app.secret_key = "for a test only"


@app.route("/")
def index():
    return render_template("index.html", name=session.get("name"))


@app.route("/name", methods=["POST"])
def set_name():
    session["name"] = request.form["name"]
    flash("saved")
    return redirect(url_for("index"))


@app.route("/about/")
def about():
    return render_template("about.html", here=request.path, full=request.url, root=request.script_root)
