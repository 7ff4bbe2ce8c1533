"""Ed25519 as RFC 8032 has it, in one way of writing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portalgen.signing import is_public_key, is_signed, public_key, sign

ORDER = 2**252 + 27742317777372353535851937790883648493

# RFC 8032, 7.1: secret key, public key, message, signature.
VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]
SEED = bytes(range(32))
KEY = public_key(SEED)


@pytest.mark.parametrize(("seed", "key", "message", "signature"), VECTORS)
def test_the_vectors_of_the_standard_come_out_as_written(seed: str, key: str, message: str, signature: str) -> None:
    assert public_key(bytes.fromhex(seed)) == key
    assert sign(bytes.fromhex(seed), bytes.fromhex(message)) == signature
    assert is_signed(key, bytes.fromhex(message), signature)


@given(st.binary(max_size=99), st.binary(max_size=99), st.binary(min_size=32, max_size=32))
def test_a_signature_is_of_one_message_by_one_key(message: bytes, other: bytes, seed: bytes) -> None:
    signature = sign(SEED, message)
    assert is_signed(KEY, message, signature)
    assert is_signed(KEY, other, signature) == (other == message)
    assert is_signed(public_key(seed), message, signature) == (seed == SEED)


def test_a_signature_is_written_in_one_way() -> None:
    signature = sign(SEED, b"x")
    for other in (
        signature.upper(),
        f" {signature}",
        f"{signature}\n",
        signature[:-2],
        f"{signature}00",
        f"0x{signature}",
    ):
        assert not is_signed(KEY, b"x", other)
    for key in (KEY.upper(), f"{KEY}\n", KEY[:-2], f"{KEY}00", ""):
        assert not is_signed(key, b"x", signature)
        assert not is_public_key(key)
    assert is_public_key(KEY)


def test_the_second_half_of_a_signature_has_no_other_value_that_does_as_well() -> None:
    """With the order of the curve added it says the same to a checker that is not strict."""
    signature = bytes.fromhex(sign(SEED, b"x"))
    scalar = int.from_bytes(signature[32:], "little")
    added = [scalar + times * ORDER for times in range(1, 16) if scalar + times * ORDER < 2**256]
    assert added
    for other in added:
        assert not is_signed(KEY, b"x", (signature[:32] + other.to_bytes(32, "little")).hex())


def test_what_is_no_point_on_the_curve_signs_nothing() -> None:
    for key in ("ff" * 32, f"{2:064x}", "00" * 32):
        assert not is_signed(key, b"x", sign(SEED, b"x"))
