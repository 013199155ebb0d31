import pandas as pd
from dash import Dash, Input, Output, callback, dcc, html

frame = pd.DataFrame({"city": ["Köln", "Wien"], "n": [1, 2]})
app = Dash(__name__)
app.layout = html.Div(
    [html.Button("CSV", id="csv"), html.Button("Bytes", id="raw"), dcc.Download(id="download")]
)


@callback(Output("download", "data"), Input("csv", "n_clicks"), prevent_initial_call=True)
def csv(_):
    return dcc.send_data_frame(frame.to_csv, "cities.csv", index=False)


@callback(
    Output("download", "data", allow_duplicate=True), Input("raw", "n_clicks"), prevent_initial_call=True
)
def raw(_):
    return dcc.send_bytes(b"\x00\x01" * 1000, "raw.bin")
