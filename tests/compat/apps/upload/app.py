import base64

from dash import Dash, Input, Output, State, dcc, html

app = Dash(__name__)
app.layout = html.Div([dcc.Upload(html.Button("Choose"), id="file", multiple=True), html.Ul(id="files")])


@app.callback(
    Output("files", "children"),
    Input("file", "contents"),
    State("file", "filename"),
    prevent_initial_call=True,
)
def read(contents, names):
    sizes = [len(base64.b64decode(content.split(",")[1])) for content in contents]
    return [html.Li(f"{name}: {size} bytes") for name, size in zip(names, sizes, strict=True)]
