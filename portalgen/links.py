"""Tokens: the unguessable path segment of a link. A pure function of key, site, portal, contact and revision.

A token is `p`, a key id, a link id (26 characters: the first 130 bits of an HMAC-SHA256 of what the link belongs to)
and a tag (32 hex digits: the first 128 bits of an HMAC-SHA256 over the 28 characters before it). Who holds only the tag
key can check a token and cannot make one.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from enum import StrEnum

from itsdangerous import Signer

from portalgen.errors import InvalidInputError, did_you_mean
from portalgen.keys import RootKeys, base32, without_keys
from portalgen.model import Link

TOKEN = re.compile(r"p([0-9a-hjkmnp-tv-z])([0-9a-hjkmnp-tv-z]{26})([0-9a-f]{32})")
_IN_TEXT = re.compile(r"p[0-9a-z]{59}(?![0-9a-z])", re.IGNORECASE)
_LINK_ID_LENGTH = 26


class Verdict(StrEnum):
    """What a token turned out to be."""

    OK = "ok"
    MALFORMED = "malformed"
    UNKNOWN_KEY = "unknown-key"
    BAD_SIGNATURE = "bad-signature"


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The derived keys of one site."""

    site: str
    root_keys: RootKeys = field(repr=False)
    _derived: dict[tuple[str, str], bytes] = field(default_factory=dict, init=False, repr=False, compare=False)

    def key_of(self, link: Link) -> str:
        """The id of the key that makes `link`. Raises InvalidInputError if there are several and nothing says which."""
        if link.key or len(self.root_keys) == 1:
            return link.key or next(iter(self.root_keys))
        held = ", ".join(self.root_keys)
        message = f"there are several root keys ({held}), and nothing says which one makes the links"
        raise InvalidInputError(message, f"site: {{key: {next(iter(self.root_keys))}}}")

    def token(self, key: str, portal: str, contact: str, revision: int) -> str:
        """The token of a link. `contact` is '' for the portal's own. Raises InvalidInputError for a key id not held."""
        self._refuse_unless_held(key)
        parts = [text.encode() for text in (portal, contact, str(revision))]
        belongs_to = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        link_id = base32(self._hmac(key, "id", belongs_to))[:_LINK_ID_LENGTH]
        signed = f"p{key}{link_id}"
        return signed + self._tag(key, signed)

    def token_of(self, link: Link) -> str:
        return self.token(self.key_of(link), link.id.portal, link.id.contact, link.revision)

    def read(self, text: str) -> Verdict:
        """Judge a token that came from outside; upper case counts as lower case."""
        match = TOKEN.fullmatch(text.lower()) if text.isascii() else None
        if not match:
            return Verdict.MALFORMED
        key, link_id, tag = match.groups()
        if key not in self.root_keys:
            return Verdict.UNKNOWN_KEY
        right = self._tag(key, f"p{key}{link_id}")
        return Verdict.OK if hmac.compare_digest(right, tag) else Verdict.BAD_SIGNATURE

    def signing_seed(self, key: str) -> bytes:
        """The 32 secret bytes that this site's statements are signed with. Raises InvalidInputError as `token`."""
        self._refuse_unless_held(key)
        return _derived_bytes(self.root_keys[key], f"portalgen-sign/v1/{self.site}")

    def _refuse_unless_held(self, key: str) -> None:
        if key not in self.root_keys:
            message = f"there is no root key '{key}'"
            raise InvalidInputError(message, did_you_mean(key, list(self.root_keys)))

    def _tag(self, key: str, signed: str) -> str:
        return self._hmac(key, "tag", signed.encode()).hex()[:32]

    def _hmac(self, key: str, purpose: str, message: bytes) -> bytes:
        if (key, purpose) not in self._derived:
            derived = _derived_bytes(self.root_keys[key], f"portalgen-link/v1/{purpose}/{self.site}")
            self._derived[key, purpose] = derived.hex().encode()  # as text: so it began, and so it has to stay
        return hmac.digest(self._derived[key, purpose], message, "sha256")


def _derived_bytes(root_key: bytes, salt: str) -> bytes:
    """The 32 bytes for one purpose, as itsdangerous derives them."""
    return Signer(root_key, salt=salt, key_derivation="hmac", digest_method=hashlib.sha256).derive_key()


def fingerprint(token: str) -> str:
    """Ten hex digits that stand for a token wherever people look: logs, plans, the ledger."""
    link_id = token.lower()[2 : 2 + _LINK_ID_LENGTH]
    return hashlib.sha256(b"portalgen-fingerprint/v1\0" + link_id.encode()).hexdigest()[:10]


def redact(text: str) -> str:
    """`text` with everything that has the shape of a token replaced by its fingerprint, and root keys taken out."""
    return without_keys(_IN_TEXT.sub(lambda match: f"[{fingerprint(match.group())}]", text))
