import plotly.graph_objects as go
from dash import Dash, Input, Output, dcc, html

app = Dash(__name__)
app.title = "Named"
app.layout = html.Div(
    [
        html.H1("Named"),
        dcc.Dropdown(["rising", "falling"], "rising", id="trend"),
        dcc.Graph(id="plot"),
        html.P(id="text"),
    ]
)


@app.callback(Output("plot", "figure"), Output("text", "children"), Input("trend", "value"))
def draw(trend):
    values = [1, 2, 3] if trend == "rising" else [3, 2, 1]
    return go.Figure(go.Scatter(x=[1, 2, 3], y=values, name=trend)), f"The trend is {trend}"


server = app.server

if __name__ == "__main__":
    app.run(debug=True)
