"""A site survives its JSON without a loss."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from portico.site import Access, App, PathRule, Run, RunKind, Sessions, SignUp, Site, from_json, to_json

paths = st.text(min_size=1).map(lambda text: Path("/") / text.replace("\0", "").lstrip("/"))
seconds = st.floats(min_value=0, max_value=1e9)
texts = st.text()
runs = st.builds(Run, st.sampled_from(RunKind), texts, texts, texts, st.lists(texts).map(tuple))
accesses = st.one_of(
    st.just(Access(public=True)),
    st.just(Access(known=True)),
    st.just(Access(signed_in=True)),
    st.builds(Access, roles=st.frozensets(texts), people=st.frozensets(texts)),
)
apps = st.builds(
    App,
    name=texts,
    run=runs,
    folder=paths,
    access=accesses,
    path=st.none() | texts,
    host=st.none() | texts,
    sleep_after=st.none() | seconds,
    start_timeout=seconds,
    request_timeout=seconds,
    python=st.none() | paths,
    environment=st.lists(st.tuples(texts, texts)).map(tuple),
    paths=st.lists(st.builds(PathRule, texts, accesses)).map(tuple),
    frame_ancestors=st.lists(texts).map(tuple),
)
sites = st.builds(
    Site,
    root=paths,
    file=st.none() | paths,
    state=paths,
    sign_up=st.sampled_from(SignUp),
    trusted_proxies=st.lists(texts).map(tuple),
    check_cache=seconds,
    sessions=st.builds(Sessions, seconds, seconds, seconds),
    roles=st.dictionaries(texts, texts),
    apps=st.lists(apps, max_size=3).map(tuple),
)


@given(sites)
def test_a_site_reads_back_from_its_json_as_itself(site: Site) -> None:
    assert from_json(to_json(site)) == site


def test_a_loaded_site_reads_back_from_its_json_as_itself(read) -> None:
    site = read('[apps.sales]\nrun = "apps/sales/app.py:server"\naccess = ["admin", "ann@example.org"]\n')
    assert from_json(to_json(site)) == site
    assert isinstance(from_json(to_json(site)).app("sales").run.kind, RunKind)
