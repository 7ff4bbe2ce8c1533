"""An accent colour of any kind can be read; reckoned here in floats, after WCAG 2.2 and OKLab's definition."""

import math
import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from portalgen.resources import templates_folder
from portalgen.theme import theme_of

RGB = tuple[float, float, float]

COLOURS = st.one_of(
    st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}"),
    st.integers(0, 0xFFF).map(lambda number: f"#{number:03X}"),
)
CORNERS = [
    f"#{red}{green}{blue}" for red in ("00", "80", "ff") for green in ("00", "80", "ff") for blue in ("00", "ff")
]


def surfaces(scheme: str) -> list[str]:
    """What portal.css puts the accent upon, as it stands there."""
    css = (templates_folder() / "portal.css").read_text(encoding="utf-8")
    light, dark = css.split("@media (prefers-color-scheme: dark)")[:2]
    found = dict(re.findall(r"--(\w+): (#[0-9a-f]+);", light if scheme == "light" else dark.partition("\n}\n")[0]))
    return [found[name] for name in ("page", "paper", "tint")]


SURFACES = {scheme: surfaces(scheme) for scheme in ("light", "dark")}


def colours_of(accent: str) -> dict[str, tuple[str, str]]:
    """By scheme, the accent and what stands on it, as the CSS says."""
    colour = "(#[0-9A-Fa-f]{3,6})"
    block = rf" {{\n  :root {{ --accent: {colour}; --on-accent: {colour}; }}\n}}\n"
    found = re.fullmatch(
        rf"@media screen{block}@media screen and \(prefers-color-scheme: dark\){block}", theme_of(accent)
    )
    assert found
    return {"light": (found[1], found[2]), "dark": (found[3], found[4])}


def linear(colour: str) -> RGB:
    digits = colour[1:] if len(colour) == 7 else re.sub("(.)", r"\1\1", colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return red, green, blue


def contrast(one: str, other: str) -> float:
    lights = [sum(x * y for x, y in zip((0.2126, 0.7152, 0.0722), linear(each), strict=True)) for each in (one, other)]
    return (max(lights) + 0.05) / (min(lights) + 0.05)


def oklch(colour: str) -> RGB:
    """Lightness from 0 to 1, chroma, and hue in degrees."""
    red, green, blue = linear(colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    middle = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short
    return lightness, math.hypot(a, b), math.degrees(math.atan2(b, a))


def in_srgb(lightness: float, chroma: float, hue: float) -> bool:
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    parts = (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
    return all(0 <= part <= 1 for part in parts)


def moved(accent: str, scheme: str) -> str:
    """The colour in `scheme`, of an example in which it is not the accent itself."""
    shade = colours_of(accent)[scheme][0]
    assume(shade != accent)
    return shade


@pytest.mark.parametrize("scheme", ["light", "dark"])
@settings(deadline=None)
@given(COLOURS)
def test_whatever_the_colour_it_can_be_read_and_so_can_what_stands_on_it(scheme: str, accent: str) -> None:
    shade, text = colours_of(accent)[scheme]
    assert min(contrast(shade, surface) for surface in SURFACES[scheme]) >= 4.5
    assert contrast(shade, text) >= 4.5


@pytest.mark.parametrize("accent", CORNERS)
def test_the_corners_of_srgb_can_be_read(accent: str) -> None:
    for scheme, (shade, text) in colours_of(accent).items():
        assert min(contrast(shade, other) for other in (*SURFACES[scheme], text)) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@settings(deadline=None)
@given(COLOURS)
def test_a_colour_that_can_be_read_stays_byte_for_byte_and_no_other_does(scheme: str, accent: str) -> None:
    is_readable = min(contrast(accent, surface) for surface in SURFACES[scheme]) >= 4.5
    assert (colours_of(accent)[scheme][0] == accent) == is_readable


@pytest.mark.parametrize("scheme", ["light", "dark"])
@settings(deadline=None)
@given(COLOURS)
def test_a_colour_moves_no_further_than_it_must(scheme: str, accent: str) -> None:
    shade = moved(accent, scheme)
    assert min(contrast(shade, surface) for surface in SURFACES[scheme]) < 4.65


@pytest.mark.parametrize("scheme", ["light", "dark"])
@settings(deadline=None)
@given(COLOURS)
def test_hue_stays_and_so_does_all_the_chroma_that_srgb_can_show(scheme: str, accent: str) -> None:
    shade = moved(accent, scheme)
    (_, chroma, hue), (lightness, new_chroma, new_hue) = oklch(accent), oklch(shade)
    # A step of one in 255 is about 0.005 of chroma.
    assert new_chroma <= chroma + 0.005
    assert new_chroma >= chroma - 0.005 or not in_srgb(lightness, new_chroma + 0.005, new_hue)
    turned = abs((hue - new_hue + 180) % 360 - 180)
    assert math.radians(turned) * min(chroma, new_chroma) < 0.005


@pytest.mark.parametrize(
    ("accent", "light", "dark"),
    [
        ("#0B6e4F", "#0B6e4F", "#489c7b"),
        ("#000080", "#000080", "#5388ff"),
        ("#ffd400", "#836c00", "#ffd400"),
        ("#F00", "#df0000", "#ff4b3b"),
        ("#00f", "#00f", "#5488ff"),
        ("#808080", "#6e6e6e", "#8d8d8d"),
        ("#000", "#000", "#8d8d8d"),
        ("#FFF", "#6e6e6e", "#FFF"),
    ],
)
def test_examples(accent: str, light: str, dark: str) -> None:
    assert colours_of(accent) == {"light": (light, "#ffffff"), "dark": (dark, "#0f1218")}


def test_without_a_colour_there_is_nothing() -> None:
    assert theme_of("") == ""


@pytest.mark.parametrize(
    "text", ["red", "#12345", "#1234567", "#0b6e4f;", "#ggg", "#\uff11\uff12\uff13", "#0b6e4f\n", " #0b6e4f"]
)
def test_nothing_but_a_colour_gets_into_the_css(text: str) -> None:
    with pytest.raises(ValueError, match="no colour"):
        theme_of(text)
