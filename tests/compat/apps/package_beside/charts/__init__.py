from pathlib import Path

import pandas as pd


def load():
    return pd.read_csv(Path(__file__).parent / "numbers.csv")
