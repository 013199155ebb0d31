from dash import Dash, Input, Output, callback, dcc, html

app = Dash(__name__, backend="quart", use_pages=False, websocket_callbacks=True)
app.layout = html.Div(
    [dcc.Input(id="word", value="quart"), html.P(id="length"), html.Img(id="picture", src="/assets/dot.svg")]
)


@callback(Output("length", "children"), Input("word", "value"))
async def length(word):
    return f"{len(word)} letters"
