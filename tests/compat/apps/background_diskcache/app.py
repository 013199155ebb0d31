import time

import diskcache
from dash import Dash, DiskcacheManager, Input, Output, html

manager = DiskcacheManager(diskcache.Cache("./cache"))
app = Dash(__name__, background_callback_manager=manager)
app.layout = html.Div(
    [
        html.Button("Run", id="run"),
        html.Button("Cancel", id="cancel", disabled=True),
        html.Progress(id="bar", value="0", max="8"),
        html.P("idle", id="result"),
    ]
)


@app.callback(
    Output("result", "children"),
    Input("run", "n_clicks"),
    background=True,
    running=[(Output("run", "disabled"), True, False), (Output("cancel", "disabled"), False, True)],
    cancel=Input("cancel", "n_clicks"),
    progress=[Output("bar", "value"), Output("bar", "max")],
    prevent_initial_call=True,
)
def work(set_progress, clicks):
    for step in range(8):
        set_progress((str(step + 1), "8"))
        time.sleep(0.3)
    return f"run {clicks} is done"


if __name__ == "__main__":
    app.run(debug=False)
