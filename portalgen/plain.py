"""Text as a page may show it: without what nobody can see."""

import re

# Direction overrides and invisible characters can make a number or a name look like another one; control characters
# and noncharacters are not allowed in HTML at all. Joiners and direction marks stay: honest text needs them.
_NOT_SHOWN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\ufdd0-\ufdef\U000e0000-\U000e007f"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
    + "]"
)


def without_unseen(text: str) -> str:
    """`text` without what cannot be seen, its lines ended by '\\n'."""
    if text.isprintable():
        return text
    return _NOT_SHOWN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def plain_text(text: str) -> str:
    """`text` without what cannot be seen, and without white space around it."""
    stripped = text.strip()
    return stripped if stripped.isprintable() else without_unseen(stripped).strip()
