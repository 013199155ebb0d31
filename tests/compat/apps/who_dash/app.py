import diskcache
from dash import Dash, DiskcacheManager, Input, Output, callback, html

from portico import current_user

app = Dash(__name__, background_callback_manager=DiskcacheManager(diskcache.Cache("./cache")))
app.layout = lambda: html.Div(
    [
        html.P(f"layout: {current_user.email}", id="layout"),
        html.Button("Ask", id="ask"),
        html.P(id="now"),
        html.P(id="later"),
    ]
)


@callback(Output("now", "children"), Input("ask", "n_clicks"), prevent_initial_call=True)
def now(_):
    return f"callback: {current_user.email}"


@callback(Output("later", "children"), Input("ask", "n_clicks"), background=True, prevent_initial_call=True)
def later(_):
    return f"background: {current_user.email}"
