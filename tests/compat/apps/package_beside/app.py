import plotly.express as px
from charts import load
from charts.shapes import bar
from dash import Dash, dcc, html

app = Dash(__name__)
app.layout = html.Div([html.P(f"{len(load())} rows", id="rows"), dcc.Graph(figure=bar(px, load()), id="bar")])

if __name__ == "__main__":
    app.run()
