"""Values of portals.yaml: what is taken as it is, and what is refused with which hint."""

import pytest

from portalgen import fields
from portalgen.fields import FieldError

LIKE = 'write it in quotes, like "#0b6e4f"'


@pytest.mark.parametrize("text", ["#0b6e4f", "#0B6E4F", "#fff", "#AbC"])
def test_an_accent_is_a_colour_in_three_or_six_digits_as_it_is_written(text: str) -> None:
    assert fields.accent(text) == text


@pytest.mark.parametrize(
    ("value", "message", "hint"),
    [
        (fields.NOTHING, "nothing is written: '#' begins a comment", LIKE),
        ("", "must not be empty", "write something, or remove the key"),
        (["#fff"], "a single value is expected here", ""),
        ("green", "'green' is not a colour", LIKE),
        ("rgb(11, 110, 79)", "'rgb(11, 110, 79)' is not a colour", LIKE),
        ("0b6e4f", "'0b6e4f' is not a colour", 'did you mean "#0b6e4f"?'),
        ("##0B6E4F", "'##0B6E4F' is not a colour", 'did you mean "#0B6E4F"?'),
        (" #fff ", "' #fff ' is not a colour", 'did you mean "#fff"?'),
        ("#0b6e4f80", "'#0b6e4f80' is not a colour", LIKE),
        ("#0b6e4f;}", "'#0b6e4f;}' is not a colour", LIKE),
        ("#0b6e4g", "'#0b6e4g' is not a colour", LIKE),
        ("#\uff11\uff12\uff13", "'#\uff11\uff12\uff13' is not a colour", LIKE),
    ],
)
def test_an_accent_that_is_no_colour_is_refused(value: object, message: str, hint: str) -> None:
    with pytest.raises(FieldError) as caught:
        fields.accent(value)
    assert (str(caught.value), caught.value.hint) == (message, hint)
