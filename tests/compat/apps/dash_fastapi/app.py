from dash import Dash, Input, Output, dcc, html
from fastapi import FastAPI

server = FastAPI()


@server.get("/api/hello")
def hello():
    return {"hello": "from FastAPI"}


app = Dash(__name__, server=server)
app.layout = html.Div(
    [
        dcc.Input(id="word", value="fast"),
        html.P(id="upper"),
        html.Img(id="picture", src=app.get_asset_url("dot.svg")),
    ]
)


@app.callback(Output("upper", "children"), Input("word", "value"))
async def upper(word):
    return word.upper()
