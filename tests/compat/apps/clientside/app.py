from dash import ClientsideFunction, Dash, Input, Output, clientside_callback, dcc, html

app = Dash(__name__)
app.layout = html.Div(
    [
        dcc.Location(id="url"),
        dcc.Input(id="number", type="number", value=4),
        html.P(id="double"),
        html.P(id="triple"),
        html.P(id="where"),
    ]
)

clientside_callback(
    "function (n) { return String(2 * n); }", Output("double", "children"), Input("number", "value")
)
app.clientside_callback(
    ClientsideFunction(namespace="maths", function_name="triple"),
    Output("triple", "children"),
    Input("number", "value"),
)
app.clientside_callback(
    "function (path) { return path === '/' ? 'at home' : 'lost at ' + path; }",
    Output("where", "children"),
    Input("url", "pathname"),
)
