"""What lies in a store, beside what was published there."""

import pytest

from portalgen.links import KeyRing
from portalgen.plan import Stored, StoredFile
from portalgen.stores.base import Metadata, StoredObject
from portalgen.stores.memory import MemoryStore
from portalgen.survey import Drift, There, drift, listed, survey

RING = KeyRing("small", {"a": bytes(range(32)), "b": bytes(range(32, 64))})
PUBLISHED = Stored({"index.html": StoredFile("s", 5, "d5"), "x/y.html": StoredFile("s", 6, "d6")})


def there(**changes: StoredObject | None) -> There:
    whole = {"index.html": StoredObject("", 5, "d5"), "x/y.html": StoredObject("", 6, "d6")}
    changed = whole | {name.replace("_", "."): item for name, item in changes.items()}
    return {path: item for path, item in changed.items() if item}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (there(), Drift()),
        (there(index_html=None), Drift(missing=("index.html",))),
        (there(index_html=StoredObject("", 5, "other")), Drift(altered=("index.html",))),
        (there(index_html=StoredObject("", 4, "")), Drift(altered=("index.html",))),
        (there(index_html=StoredObject("", 5, "")), Drift()),
        (there(new_html=StoredObject("", 5, "d5")), Drift(unexpected=("new.html",))),
    ],
)
def test_what_differs_is_missing_altered_or_unexpected(found: There, expected: Drift) -> None:
    assert drift(PUBLISHED, found) == expected
    assert bool(drift(PUBLISHED, found)) == (expected != Drift())


def test_every_link_of_the_named_keys_is_judged_once_with_all_that_lies_under_it() -> None:
    store = MemoryStore()
    tokens = [RING.token("a", f"portal-{number}", "", 1) for number in range(100)]
    other = RING.token("b", "acme", "", 1)
    for token in [*tokens, other]:
        for path in ("index.html", "x/y.html"):
            store.write(f"public/{token}/{path}", b"x", Metadata())
    store.write("public/robots.txt", b"x", Metadata())
    found = survey(store, ["a"], lambda token, there: (token, sorted(there)))
    assert sorted(found) == sorted((token, ["index.html", "x/y.html"]) for token in tokens)
    assert survey(store, ["b"], lambda token, _: token if token == other else None) == [other]
    assert [*survey(store, ["a"], lambda *_: None)] == []


def test_a_listing_of_all_shows_what_lies_under_no_link_too() -> None:
    store = MemoryStore()
    token = RING.token("a", "acme", "", 1)
    for key in (f"public/{token}/index.html", "public/404.html", "public/pictures/logo.png"):
        store.write(key, b"x", Metadata())
    assert [(link, sorted(paths)) for link, paths in listed(store)] == [
        ("", ["404.html"]),
        (token, ["index.html"]),
        ("", ["pictures/logo.png"]),
    ]
