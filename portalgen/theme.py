"""The accent."""


def theme_of(accent: str) -> str:
    """None yet."""
    return accent[:0]
