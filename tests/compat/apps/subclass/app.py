import dash
from dash import Input, Output, dcc, html


class Branded(dash.Dash):
    def __init__(self, *args, brand="none", **kwargs):
        super().__init__(*args, **kwargs)
        self.brand = brand

    def interpolate_index(self, **kwargs):
        return f"""<!DOCTYPE html>
<html>
  <head>{kwargs["metas"]}<title>{self.brand}</title>{kwargs["favicon"]}{kwargs["css"]}</head>
  <body><header id="brand">{self.brand}</header>{kwargs["app_entry"]}
  <footer>{kwargs["config"]}{kwargs["scripts"]}{kwargs["renderer"]}</footer></body>
</html>"""


app = Branded(__name__, brand="Branded")
app.layout = html.Div([dcc.Location(id="url"), dcc.Link("Next", href="/next"), html.P(id="path")])


@app.callback(Output("path", "children"), Input("url", "pathname"))
def path(value):
    return value
