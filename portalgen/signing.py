"""Signatures that whoever has the public key can check: Ed25519, RFC 8032.

Keys and signatures are written in lower-case hex: a public key in 64 digits, a signature in 128.
"""

import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_PUBLIC_KEY = re.compile(r"[0-9a-f]{64}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")


def public_key(seed: bytes) -> str:
    """The public key to a `seed` of 32 secret bytes."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw().hex()


def sign(seed: bytes, message: bytes) -> str:
    """The signature of `message`, always the same one."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message).hex()


def is_public_key(text: str) -> bool:
    """Whether `text` is written like a public key."""
    return bool(_PUBLIC_KEY.fullmatch(text))


def is_signed(key: str, message: bytes, signature: str) -> bool:
    """Whether `signature` is that of exactly this `message` by whoever has the secret to the public `key`."""
    if not is_public_key(key) or not _SIGNATURE.fullmatch(signature):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), message)
    except InvalidSignature:
        return False
    return True
