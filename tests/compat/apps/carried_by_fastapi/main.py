from dash import Dash, Input, Output, dcc, html
from fastapi import FastAPI
from fastapi.middleware.wsgi import WSGIMiddleware

app = FastAPI()
board = Dash(__name__, requests_pathname_prefix="/board/")
board.layout = html.Div([dcc.Input(id="word", value="abc"), html.P(id="back")])
board.callback(Output("back", "children"), Input("word", "value"))(lambda word: word[::-1])


@app.get("/status")
def status():
    return {"status": "fine"}


app.mount("/board", WSGIMiddleware(board.server))
