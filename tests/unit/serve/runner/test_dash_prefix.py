"""Where a Dash app is put, for each prefix it may have chosen itself."""

import pytest

from portico.serve.runner.dash_prefix import mount


@pytest.mark.parametrize(
    ("routes", "requests", "placed_routes", "placed_requests", "strip"),
    [
        ("/", "/", "/", "/sales/", "/sales"),
        ("/sales/", "/sales/", "/", "/sales/", ""),
        ("/sales/north/", "/sales/north/", "/north/", "/sales/north/", ""),
        ("/inner/", "/inner/", "/inner/", "/sales/inner/", "/sales"),
        ("/salesman/", "/salesman/", "/salesman/", "/sales/salesman/", "/sales"),
        ("/", "/sales/", "/", "/sales/", ""),
    ],
)
def test_an_app_is_put_under_the_prefix(
    routes: str, requests: str, placed_routes: str, placed_requests: str, strip: str
) -> None:
    """Its server's routes lose the prefix, its browser's requests have it, and its code may know of it."""
    place = mount("/sales", routes, requests)
    assert (place.routes, place.requests, place.strip) == (placed_routes, placed_requests, strip)
    assert place.note is None


@pytest.mark.parametrize(("base", "requests"), [("/sales/", "/sales/"), ("/sales/north/", "/sales/north/")])
def test_an_app_whose_server_sees_whole_paths_keeps_its_routes(base: str, requests: str) -> None:
    """So the names of its views begin with the base path that it gave, as its own guards expect."""
    place = mount("/sales", base, base, whole=True)
    assert (place.routes, place.requests, place.strip, place.known) == (base, requests, "", True)


def test_an_app_inside_another_stands_below_the_path_that_its_request_prefix_names() -> None:
    """DispatcherMiddleware and Starlette's mount take that path off, as the runner does with the site's."""
    place = mount("/sales", "/", "/north/", inside=True)
    assert (place.routes, place.requests, place.strip) == ("/", "/sales/north/", "/sales")
    assert place.note is None


def test_a_prefix_for_another_front_is_replaced_and_named() -> None:
    """The note tells what the app asked for and what it got."""
    place = mount("/sales", "/", "/elsewhere/")
    assert (place.routes, place.requests, place.strip) == ("/", "/sales/", "/sales")
    assert (
        place.note
        == 'the app asks for requests_pathname_prefix "/elsewhere/"; here it is served at "/sales/"'
    )


@pytest.mark.parametrize("base", ["/", "/inner/"])
def test_an_app_at_a_root_of_its_own_is_left_as_it_is(base: str) -> None:
    """Without a prefix there is nothing to add and nothing to strip."""
    place = mount("", base, base)
    assert (place.routes, place.requests, place.strip, place.note) == (base, base, "", None)
