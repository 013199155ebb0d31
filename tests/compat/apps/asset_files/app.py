import dash
from dash import Dash, html

app = Dash(__name__)
app.layout = html.Div(
    [
        html.H1("Assets", id="heading"),
        html.Img(src=app.get_asset_url("img/one.svg"), className="picture"),
        html.Img(src=dash.get_asset_url("img/one.svg"), className="picture"),
        html.Img(src="/assets/img/one.svg", className="picture"),
        html.Img(src="assets/img/one.svg", className="picture"),
        html.P(id="from-js"),
    ]
)
