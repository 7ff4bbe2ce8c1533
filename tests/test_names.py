"""Page names: safe everywhere, the same everywhere, and each its own."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portalgen.names import safe_name

# Texts near each other, where a careless rule would merge two of them.
NEAR = st.text(st.sampled_from("aAbB01-_./ \u00e5\u00c5\u212b\u212a\uff11\u200b"), max_size=12)
TEXTS = st.one_of(st.text(), NEAR)


@pytest.mark.parametrize("text", ["q-88", "1001", "inv-2026-0107", "a", "com", "com10", "null", "a" * 61])
def test_a_safe_text_is_its_own_name(text: str) -> None:
    assert safe_name(text) == text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("INV-2026/0107", "inv-2026-0107-9da73101898f"),
        ("con", "con-"),
        ("nul", "nul-"),
        ("lpt1", "lpt1-"),
        ("com0", "com0-"),
        ("-x", "x-"),
        ("x-0123456789ab", "x-0123456789ab-"),
        ("../../etc/passwd", "etc-passwd-"),
        ("a" * 62, "a" * 40 + "-"),
        ("فاتورة", "x-"),
        ("", "x-e3b0c44298fc"),
    ],
)
def test_any_other_text_gets_a_slug_and_a_digest(text: str, name: str) -> None:
    assert safe_name(text).startswith(name)
    assert re.fullmatch(r".*-[0-9a-f]{12}", safe_name(text))


@given(TEXTS)
def test_a_name_has_allowed_characters_only_and_never_changes(text: str) -> None:
    name = safe_name(text)
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,60}", name)
    assert name == safe_name(text)


@given(TEXTS, TEXTS)
def test_distinct_texts_have_distinct_names(one: str, other: str) -> None:
    assert (safe_name(one).casefold() == safe_name(other).casefold()) == (one == other)


@given(TEXTS)
def test_case_space_and_unicode_form_make_a_difference(text: str) -> None:
    others = {text.upper(), text.lower(), text.casefold(), f" {text}", f"{text} ", unicodedata.normalize("NFKC", text)}
    texts = {text, safe_name(text), *others}
    assert len({safe_name(each).casefold() for each in texts}) == len(texts)
