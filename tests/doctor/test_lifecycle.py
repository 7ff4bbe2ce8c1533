"""What the doctor makes of lifecycle rules, in the forms that services tell them in."""

from typing import Any

import pytest

from portalgen.doctor.findings import Verdict
from portalgen.doctor.lifecycle import examine
from portalgen.doctor.policies import policy
from portalgen.model import StoreSource

TAGGED = {"And": {"Prefix": "", "Tags": [{"Key": "a", "Value": "b"}]}}


def rule(**said: Any) -> dict[str, Any]:
    """The rule that the doctor prints, changed; None takes a key away."""
    [printed] = policy("lifecycle", StoreSource("live", "s3", bucket="b", prefix=said.pop("prefix", "")))["Rules"]
    return {name: value for name, value in {**printed, **said}.items() if value is not None}


def not_ok(*rules: dict[str, Any], prefix: str = "", has_versions: bool = True) -> dict[str, str]:
    found = examine(rules, prefix, has_versions=has_versions)
    return {each.check: each.verdict.value for each in found if each.verdict is not Verdict.OK}


def test_the_rule_that_is_printed_is_enough() -> None:
    assert not_ok(rule()) == {}
    assert not_ok(rule(prefix="north/"), prefix="north/") == {}


@pytest.mark.parametrize(
    "said",
    [
        {"Status": "Disabled"},
        {"Filter": {"Prefix": "private/"}},
        {"Filter": {"Prefix": "public/p"}},
        {"Filter": None, "Prefix": "private/"},
        {"Filter": TAGGED},
        {"Filter": {"Tag": {"Key": "a", "Value": "b"}}},
        {"Filter": {"ObjectSizeGreaterThan": 1000}},
    ],
)
def test_a_rule_for_something_else_is_not_enough(said: dict[str, Any]) -> None:
    assert not_ok(rule(**said)) == {"versioning": "warn", "unfinished-uploads": "warn"}


@pytest.mark.parametrize("said", [{"Filter": {}}, {"Filter": {"Prefix": ""}}, {"Filter": None, "Prefix": ""}])
def test_a_rule_for_all_objects_is_enough(said: dict[str, Any]) -> None:
    assert not_ok(rule(**said)) == {}


def test_without_versions_no_rule_has_to_remove_them() -> None:
    assert not_ok(rule(NoncurrentVersionExpiration=None), has_versions=False) == {}
    assert not_ok(rule(NoncurrentVersionExpiration=None)) == {"versioning": "warn"}
    assert not_ok(rule(AbortIncompleteMultipartUpload=None)) == {"unfinished-uploads": "warn"}


@pytest.mark.parametrize("filter_", [{}, {"Prefix": "public/"}, {"Prefix": "private/manifests/"}, TAGGED])
def test_a_rule_that_deletes_or_freezes_what_is_published_fails(filter_: dict[str, Any]) -> None:
    frozen = [{"Days": 30, "StorageClass": "GLACIER"}]
    for said in ({"Expiration": {"Days": 30}}, {"Expiration": {"Date": "2027-01-01"}}, {"Transitions": frozen}):
        tidy = {"ID": "tidy", "Status": "Enabled", "Filter": filter_, **said}
        assert not_ok(rule(), tidy) == {"expiry": "FAIL"}
        assert not_ok(rule(), {**tidy, "Status": "Disabled"}) == {}


def test_a_rule_that_takes_away_something_else_is_no_fault() -> None:
    logs = {"ID": "logs", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 30}}
    markers = {"ID": "markers", "Status": "Enabled", "Filter": {}, "Expiration": {"ExpiredObjectDeleteMarker": True}}
    cooler = {"ID": "cool", "Status": "Enabled", "Filter": {}, "Transitions": [{"StorageClass": "STANDARD_IA"}]}
    assert not_ok(rule(), logs, markers, cooler) == {}
    elsewhere = {"ID": "south", "Status": "Enabled", "Filter": {"Prefix": "south/"}, "Expiration": {"Days": 30}}
    assert not_ok(rule(prefix="north/"), elsewhere, prefix="north/") == {}
