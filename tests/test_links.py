"""Links are exactly those of the contract, and nothing else passes for one."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portalgen.errors import InvalidInputError
from portalgen.keys import key_text, parse_key, parse_keys
from portalgen.links import TOKEN, KeyRing, Verdict, fingerprint, redact
from tests.shared_data import shared

ROOT = {"a": bytes(range(32)), "b": bytes(range(32, 64))}
RING = KeyRing("prod", ROOT)
TOKEN_OF_BRILLIANT = RING.token("a", "brilliant", "", 1)


def vectors() -> dict[str, object]:
    return dict(json.loads((shared("vectors") / "token-v1.json").read_text(encoding="utf-8")))


def test_every_reference_token_comes_out_as_written() -> None:
    data = vectors()
    ring = KeyRing(str(data["site"]), parse_keys(" ".join(f"{k}:{v}" for k, v in dict(data["root_keys_text"]).items())))  # type: ignore[call-overload]
    for item in list(data["issue"]):  # type: ignore[call-overload]
        token = ring.token(item["kid"], item["portal"], item["contact"], item["revision"])
        assert (token, fingerprint(token)) == (item["token"], item["fingerprint"])


def test_every_reference_text_is_judged_as_written() -> None:
    data = vectors()
    ring = KeyRing(str(data["site"]), ROOT)
    for item in list(data["verify"]):  # type: ignore[call-overload]
        assert ring.read(item["token"]) == item["want"], item["name"]


def test_reference_keys_are_written_and_read_alike() -> None:
    data = vectors()
    for name, text in dict(data["root_keys_text"]).items():  # type: ignore[call-overload]
        assert key_text(ROOT[name]) == text
        assert parse_key(text) == ROOT[name]


@given(st.text(), st.text(), st.integers(1, 10**9))
def test_a_token_is_one_word_of_sixty_lower_case_characters(portal: str, contact: str, revision: int) -> None:
    token = RING.token("a", portal, contact, revision)
    assert len(token) == 60
    assert TOKEN.fullmatch(token)
    assert RING.read(token) is Verdict.OK
    assert RING.read(token.upper()) is Verdict.OK


@given(st.text(max_size=6), st.text(max_size=6), st.text(max_size=6), st.text(max_size=6))
def test_portal_and_contact_never_run_together(portal: str, contact: str, portal2: str, contact2: str) -> None:
    same = RING.token("a", portal, contact, 1) == RING.token("a", portal2, contact2, 1)
    assert same == ((portal, contact) == (portal2, contact2))


@given(st.integers(0, 59), st.characters(codec="utf-8"))
def test_a_token_with_one_character_changed_is_refused(position: int, character: str) -> None:
    changed = TOKEN_OF_BRILLIANT[:position] + character + TOKEN_OF_BRILLIANT[position + 1 :]
    if changed.lower() != TOKEN_OF_BRILLIANT or not changed.isascii():
        assert RING.read(changed) is not Verdict.OK


def test_a_link_of_another_site_or_key_is_refused() -> None:
    assert KeyRing("staging", ROOT).read(TOKEN_OF_BRILLIANT) is Verdict.BAD_SIGNATURE
    assert KeyRing("prod", {"a": ROOT["b"]}).read(TOKEN_OF_BRILLIANT) is Verdict.BAD_SIGNATURE
    assert KeyRing("prod", {"b": ROOT["b"]}).read(TOKEN_OF_BRILLIANT) is Verdict.UNKNOWN_KEY


def test_a_key_id_that_is_not_held_is_named() -> None:
    with pytest.raises(InvalidInputError, match="no root key 'c'"):
        RING.token("c", "brilliant", "", 1)


def test_redaction_leaves_only_the_fingerprint_of_a_token() -> None:
    said = redact(f"GET /public/{TOKEN_OF_BRILLIANT}/index.html and {TOKEN_OF_BRILLIANT.upper()}")
    assert TOKEN_OF_BRILLIANT not in said.lower()
    assert said.count(f"[{fingerprint(TOKEN_OF_BRILLIANT)}]") == 2


def test_a_key_ring_never_prints_its_keys(tmp_path: Path) -> None:
    assert repr(ROOT["a"]) not in repr(RING)
