"""The apps in a folder: which files are served, which belong to them, what they are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from portico.site.discovery import Discovery, discover

DASH = "from dash import Dash\napp = Dash(__name__)\n"
FLASK = "from flask import Flask\napp = Flask(__name__)\n"
FACTORY = "from flask import Flask\ndef create_app():\n    app = Flask(__name__)\n    return app\n"
STREAMLIT = "import streamlit as st\nst.title('x')\n"


def runs(found: Discovery) -> dict[str, str]:
    return {app.name: app.run for app in found.apps}


def test_each_folder_with_an_app_is_an_app_named_after_it(write) -> None:
    root = write({"apps/sales/app.py": DASH, "apps/stock/main.py": FLASK, "apps/sales/data.py": "x = 1"})
    assert runs(discover(root)) == {"sales": "apps/sales/app.py", "stock": "apps/stock/main.py"}


def test_a_telling_file_name_is_the_apps_name(write) -> None:
    root = write({"sales_report.py": DASH, "Stock-Level 2.py": DASH})
    assert runs(discover(root)) == {"sales_report": "sales_report.py", "stock-level-2": "Stock-Level 2.py"}


def test_apps_that_sound_alike_say_their_folder_too(write) -> None:
    root = write({"north/report.py": DASH, "south/report.py": DASH})
    assert runs(discover(root)) == {"north-report": "north/report.py", "south-report": "south/report.py"}


def test_an_app_at_the_top_is_named_after_the_folder(write, tmp_path: Path) -> None:
    write({"energy/app.py": DASH})
    assert runs(discover(tmp_path / "energy")) == {"energy": "app.py"}


def test_environments_packages_tests_and_hidden_folders_are_left_alone(write) -> None:
    root = write(
        {
            "app.py": DASH,
            ".venv/lib/x.py": DASH,
            "myenv/pyvenv.cfg": "",
            "myenv/lib/x.py": DASH,
            "node_modules/x/x.py": DASH,
            "tests/app.py": DASH,
            "test_app.py": DASH,
            "lib/site-packages/x.py": DASH,
        }
    )
    assert [app.run for app in discover(root).apps] == ["app.py"]


def test_where_and_why_are_told(write) -> None:
    (app,) = discover(write({"sales.py": DASH})).apps
    assert (app.kind, app.where, app.why) == ("Dash", "sales.py:2", "Dash(...)")


def test_pages_of_a_dash_app_are_part_of_it(write) -> None:
    root = write(
        {
            "shop/app.py": "from dash import Dash\napp = Dash(__name__, use_pages=True)\n",
            "shop/pages/home.py": "import dash\ndash.register_page(__name__)\n",
            "shop/pages/odd.py": DASH,
        }
    )
    assert runs(discover(root)) == {"shop": "shop/app.py"}


def test_the_classic_index_py_that_imports_app_py_is_the_one_served(write) -> None:
    root = write(
        {
            "shop/app.py": DASH,
            "shop/index.py": "from app import app\nfrom views import a\napp.layout = a.layout\n"
            "if __name__ == '__main__':\n    app.run()\n",
            "shop/views/a.py": "from app import app\nlayout = None\n@app.callback()\ndef x(): ...\n",
        }
    )
    (app,) = discover(root).apps
    assert (app.name, app.run, app.why) == ("shop", "shop/index.py", "app.layout")


def test_a_wsgi_py_that_calls_the_factory_is_the_one_served(write) -> None:
    root = write(
        {"shop/web/__init__.py": FACTORY, "shop/wsgi.py": "from web import create_app\napp = create_app()\n"}
    )
    assert runs(discover(root)) == {"shop": "shop/wsgi.py"}


def test_of_run_py_and_wsgi_py_for_one_app_the_one_for_servers_is_chosen(write) -> None:
    start = "from web import app\nif __name__ == '__main__':\n    app.run()\n"
    root = write({"shop/web/__init__.py": FLASK, "shop/wsgi.py": start, "shop/run.py": start})
    assert runs(discover(root)) == {"shop": "shop/wsgi.py"}


def test_two_apps_made_by_one_shared_factory_stay_two(write) -> None:
    start = "from common import create_app\napp = create_app()\n"
    root = write({"common.py": FACTORY, "north.py": start, "south.py": start})
    assert runs(discover(root)) == {"north": "north.py", "south": "south.py"}


def test_a_package_with_a_factory_is_served_by_its_module(write) -> None:
    (app,) = discover(write({"src/flaskr/__init__.py": FACTORY, "src/flaskr/db.py": ""})).apps
    assert (app.name, app.run, app.folder) == ("flaskr", "flaskr:create_app()", "src")


def test_a_file_with_a_factory_names_it(write) -> None:
    assert runs(discover(write({"shop.py": FACTORY}))) == {"shop": "shop.py:create_app()"}


def test_a_file_that_imports_relatively_without_a_package_is_served_as_a_module(write) -> None:
    (app,) = discover(
        write({"apps/shop/app.py": f"from . import data\n{DASH}", "apps/shop/data.py": ""})
    ).apps
    assert (app.run, app.folder) == ("shop.app:app", "apps")


def test_a_path_that_an_app_names_itself_is_kept_unless_taken(write) -> None:
    own = "from dash import Dash\napp = Dash(url_base_pathname='/{}/')\n"
    root = write(
        {"a.py": own.format("figures"), "b.py": own.format("figures"), "c.py": own.format("d"), "d.py": DASH}
    )
    assert {app.name: app.path for app in discover(root).apps} == {
        "a": "/figures",
        "b": None,
        "c": None,
        "d": None,
    }


def test_a_streamlit_script_is_a_command_and_its_pages_are_part_of_it(write) -> None:
    root = write({"team/report.py": STREAMLIT, "team/pages/1_more.py": STREAMLIT})
    assert runs(discover(root)) == {
        "report": "streamlit run team/report.py --server.port {port} --server.address 127.0.0.1 "
        "--server.headless true --server.baseUrlPath={prefix}"
    }


def test_a_panel_script_is_a_command(write) -> None:
    (app,) = discover(write({"flow.py": "import panel as pn\npn.Row('x').servable()\n"})).apps
    assert app.run == "panel serve flow.py --port {port} --address 127.0.0.1 --prefix={prefix}"


def test_a_file_that_cannot_be_served_or_read_is_noted(write) -> None:
    root = write(
        {
            "late.py": "from dash import Dash\n\nnames = [Dash().title]\n",
            "broken.py": "def x(:\n",
        }
    )
    assert discover(root).notes == (
        "broken.py: line 1: invalid syntax",
        "late.py:3: makes a Dash app that only the script sees; make it at the top of the file, or return it "
        "from a function create_app()",
    )


def test_files_that_import_each_other_are_one_app(write) -> None:
    root = write({"shop/app.py": f"{DASH}import other\n", "shop/other.py": f"import app\n{DASH}"})
    assert runs(discover(root)) == {"shop": "shop/app.py"}


@pytest.mark.parametrize(
    "text", ["", "\n" * 10, "x = [" + "(" * 150 + ")" * 150 + "]", "# -*- coding: latin-1 -*-\n"]
)
def test_odd_files_do_not_stop_the_search(write, text: str) -> None:
    assert runs(discover(write({"shop/app.py": DASH, "odd.py": text}))) == {"shop": "shop/app.py"}


def test_a_link_to_nothing_does_not_stop_the_search(write) -> None:
    root = write({"shop/app.py": DASH})
    (root / "gone.py").symlink_to("nowhere.py")
    assert runs(discover(root)) == {"shop": "shop/app.py"}


def test_an_app_that_is_made_and_run_only_as_a_script_is_served_as_one(write) -> None:
    text = "from dash import Dash\ndef main():\n    app = Dash()\n    app.run()\nif __name__ == '__main__':\n    main()\n"
    (app,) = discover(write({"sales/app.py": text})).apps
    assert (app.name, app.run, app.kind, app.where) == ("sales", "sales/app.py", "Dash", "sales/app.py:3")


def test_an_app_that_registers_pages_of_its_own_is_no_page(write) -> None:
    """Only a file that registers itself is; and not even that one, when it is where the pages are read."""
    pages = "import dash\ndash.register_page('home', path='/')\n"
    root = write(
        {
            "one/app.py": DASH + pages,
            "two/app.py": "import dash\napp = dash.Dash(use_pages=True)\ndash.register_page(__name__)\n",
            "three/about.py": DASH + "import dash\ndash.register_page(__name__)\n",
        }
    )
    assert sorted(runs(discover(root))) == ["one", "two"]


def test_a_server_taken_from_an_attribute_names_the_app(write) -> None:
    text = "class Board:\n    def __init__(self):\n        self.app = make()\nboard = Board()\nserver = board.app.server\n"
    assert runs(discover(write({"sales/main.py": text}))) == {"sales": "sales/main.py"}
