"""placeholder"""


def theme_of(accent: str) -> str:
    return "" if accent else ""
