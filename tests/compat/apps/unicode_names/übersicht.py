from pathlib import Path

from dash import Dash, Input, Output, dcc, html

app = Dash(__name__, title="Übersicht")
app.layout = html.Div(
    [
        dcc.Location(id="url"),
        html.P(Path("grüße.txt").read_text(encoding="utf-8").strip(), id="text"),
        html.Img(id="bild", src=app.get_asset_url("straße 1.svg")),
        html.P(id="weg"),
        dcc.Link("Zürich", href="/städte/zürich"),
    ]
)


@app.callback(Output("weg", "children"), Input("url", "pathname"))
def weg(path):
    return path
