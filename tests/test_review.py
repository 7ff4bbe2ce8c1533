"""What was reviewed is what is published, or nothing is."""

import json
from pathlib import Path

import pytest

from portalgen.errors import InvalidInputError, RefusedError
from portalgen.pipeline import Planned, plan, publish
from portalgen.review import moved, read_review, review_of, review_text
from portalgen.stores.memory import MemoryStore
from tests.sites import INVOICES, SmallSite, new_site


@pytest.fixture
def site(tmp_path: Path) -> SmallSite:
    site = new_site(tmp_path, MemoryStore())
    site.publish()
    site.write("exports/invoices.csv", INVOICES.replace("70.00,70.00", "70.00,0.00"))
    del site.portals["crows"]
    return site


def review(planned: Planned) -> dict[str, object]:
    whole = review_of("small", ("local", "here"), planned.steps, planned.waiting)
    return dict(read_review(review_text(whole)))


def approve(site: SmallSite, reviewed: dict[str, object]) -> None:
    def judge(planned: Planned) -> None:
        if differences := moved(reviewed, review(planned)):
            raise RefusedError("; ".join(differences))

    publish(site.inventory(), judge=judge)


def test_what_was_reviewed_is_published(site: SmallSite) -> None:
    approve(site, review(plan(site.inventory())))
    assert not site.publish().uploaded
    assert not site.files("crows")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("exports/invoices.csv", INVOICES.replace("70.00,70.00", "70.00,1.00"), "other content than was reviewed"),
        ("exports/orders.csv", "number,customer_id,date,currency,total\n", "to update; that was not reviewed"),
    ],
)
def test_an_export_that_changed_meanwhile_is_refused_before_anything_is_purged(
    site: SmallSite, name: str, text: str, said: str
) -> None:
    reviewed = review(plan(site.inventory()))
    before = site.everything_public()
    site.write(name, text)
    with pytest.raises(RefusedError, match=said):
        approve(site, reviewed)
    assert site.everything_public() == before
    assert site.files("crows")


def test_a_definition_that_changed_meanwhile_is_refused(site: SmallSite) -> None:
    reviewed = review(plan(site.inventory()))
    site.portals["bees"] = "{customer: C-2, show: [invoices], enabled: false}"
    with pytest.raises(RefusedError, match="now to purge; reviewed was: update"):
        approve(site, reviewed)


def test_a_publish_of_somebody_else_meanwhile_is_refused(site: SmallSite) -> None:
    reviewed = review(plan(site.inventory()))
    site.publish()
    with pytest.raises(RefusedError, match="reviewed was: purge"):
        approve(site, reviewed)


def test_an_export_that_changes_between_the_judgement_and_the_build_writes_nothing(site: SmallSite) -> None:
    reviewed = review(plan(site.inventory()))

    def judge(planned: Planned) -> None:
        assert not moved(reviewed, review(planned))
        site.write("exports/invoices.csv", INVOICES.replace("70.00,70.00", "70.00,2.00"))

    before = site.files("bees")
    with pytest.raises(RefusedError, match="changed while this ran"):
        publish(site.inventory(), judge=judge)
    assert site.files("bees") == before
    assert not site.files("crows"), "that was approved, and takes away"


def test_a_review_is_of_one_store_of_one_site(site: SmallSite) -> None:
    planned = plan(site.inventory())
    for name, place in (("production", "here"), ("local", "there")):
        other = review_of("small", (name, place), planned.steps, planned.waiting)
        [said] = moved(review(planned), other)
        assert "it is for the store 'local' of the site 'small'" in said


def test_a_review_tells_documents_and_holds_no_token(site: SmallSite) -> None:
    del site.portals["bees"]
    text = json.dumps(review(plan(site.inventory())))
    assert "INV-3" in text
    assert not any(key.split("/")[1] in text for key in site.everything_public())


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"format": 1}', b'{"format": 1, "links": [{}]}', b"\xff"])
def test_another_file_is_no_review(data: bytes) -> None:
    with pytest.raises(InvalidInputError, match="plan --out"):
        read_review(data)
