import dash

app = dash.Dash()
app.layout = dash.html.Div(
    [
        dash.dcc.Input(id="name", value="world"),
        dash.html.P(id="greeting"),
        dash.html.Img(id="picture", src=app.get_asset_url("dot.svg")),
    ]
)


@app.callback(dash.Output("greeting", "children"), dash.Input("name", "value"))
def greet(name):
    return f"Hello {name}"
