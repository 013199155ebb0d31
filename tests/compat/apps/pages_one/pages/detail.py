import dash
from dash import Input, Output, callback, dcc, html

dash.register_page(
    __name__, path_template="/detail/<item>", path="/detail/nothing", name="Detail", title="Detail of one"
)


def layout(item=None, **query):
    return html.Div(
        [
            html.H1(f"{item} of one", id="heading"),
            html.P(query.get("colour", "no colour"), id="colour"),
            dcc.Input(id="word", value="one"),
            html.P(id="loud"),
        ]
    )


@callback(Output("loud", "children"), Input("word", "value"))
def loud(word):
    return word.upper()
