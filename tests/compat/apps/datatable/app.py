import pandas as pd
from dash import Dash, Input, Output, dash_table, html

frame = pd.read_csv("data.csv")
app = Dash(__name__)
app.layout = html.Div(
    [
        dash_table.DataTable(
            frame.to_dict("records"),
            [{"name": column, "id": column} for column in frame.columns],
            id="table",
            row_selectable="single",
            sort_action="native",
            filter_action="native",
            page_size=3,
            export_format="csv",
        ),
        html.P(id="picked"),
    ]
)


@app.callback(Output("picked", "children"), Input("table", "selected_rows"))
def picked(rows):
    return f"{frame.city[rows[0]]}" if rows else "nothing"
