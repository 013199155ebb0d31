from dash import Dash, Input, Output, dcc, html

app = Dash(__name__, requests_pathname_prefix="/elsewhere/")
app.layout = html.Div(
    [dcc.Input(id="word", value="abc"), html.P(id="back"), html.P(app.get_relative_path("/x"), id="path")]
)


@app.callback(Output("back", "children"), Input("word", "value"))
def back(word):
    return word[::-1]


if __name__ == "__main__":
    app.run()
