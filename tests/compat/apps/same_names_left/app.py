from dash import Dash, html
from helper import SIDE
from lib.words import sentence

app = Dash(__name__)
app.layout = html.P(sentence(SIDE), id="side")
