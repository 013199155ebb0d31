from dash import Dash, Input, Output, callback, dcc, html

app = Dash(__name__, backend="fastapi", websocket_callbacks=True)
app.layout = html.Div([dcc.Input(id="word", value="socket"), html.P(id="length")])


@callback(Output("length", "children"), Input("word", "value"))
def length(word):
    return f"{len(word)} letters"
