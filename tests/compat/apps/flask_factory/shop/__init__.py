from flask import Flask


def create_app(test_config=None):
    app = Flask(__name__, instance_relative_config=True)
    app.config.from_mapping(SECRET_KEY="for a test only")

    from . import catalogue

    app.register_blueprint(catalogue.blueprint)
    app.add_url_rule("/", endpoint="index", view_func=lambda: f'<a href="{catalogue.url()}">Catalogue</a>')
    return app
