import dash
from dash import html

dash.register_page(__name__, title="Stock list")
layout = html.H1("Stock page")
