from dash import Dash, Input, Output, callback, html

from portico import current_user

app = Dash(__name__, backend="fastapi", websocket_callbacks=True)
app.layout = html.Div([html.Button("Ask", id="ask"), html.P(id="answer")])


@callback(Output("answer", "children"), Input("ask", "n_clicks"))
def answer(clicks):
    return f"{clicks or 0}: {current_user.email}"
