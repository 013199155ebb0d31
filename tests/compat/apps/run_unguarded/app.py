from dash import Dash, Input, Output, dcc, html

print("Starting …")
app = Dash(__name__)
app.layout = html.Div([dcc.Input(id="x", value="1"), html.P(id="y")])


@app.callback(Output("y", "children"), Input("x", "value"))
def y(x):
    print("callback", x)
    return f"y = {x}"


app.run(debug=True, port=8050)
