from flask import Blueprint, render_template, url_for

blueprint = Blueprint(
    "catalogue", __name__, url_prefix="/catalogue", template_folder="templates", static_folder="static"
)


def url():
    return url_for("catalogue.items")


@blueprint.route("/")
def items():
    return render_template("items.html", items=["lamp", "chair"])
