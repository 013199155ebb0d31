import dash
from dash import html

dash.register_page(__name__, path="/", title="Start")


async def layout():
    return html.H1("Start page")
