"""A site's accent colour -> the CSS that gives it to portal.css, readable wherever it stands.

Contrast as in WCAG 2.2, success criterion 1.4.3: relative luminance, and 4.5 to 1 for text. A colour that falls short
is moved in OKLab (Björn Ottosson, "A perceptual color space for image processing", 2020): only as far towards black or
white as it must, its hue kept, and of its chroma all that sRGB can show. All of it in integers, so that every machine
comes to the same bytes.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache

_LIGHT = ("#f5f6f8", "#ffffff", "#f0f2f6")
_DARK = ("#0f1218", "#171b23", "#212733")
"""The surfaces of portal.css on which the accent is text, in each scheme: --page, --paper, --tint."""
_ON_LIGHT, _ON_DARK = "#ffffff", "#0f1218"
"""Text upon the accent: one of the surfaces that the accent is readable on, so that it is readable on the accent."""

_ONE = 10**10
"""What stands for 1 in light, lightness and chroma; the matrices have as many digits."""
_STEPS = 256

_TO_CONES = (
    (4122214708, 5363325363, 514459929),
    (2119034982, 6806995451, 1073969566),
    (883024619, 2817188376, 6299787005),
)
_FROM_CONES = (
    (40767416621, -33077115913, 2309699292),
    (-12684380046, 26097574011, -3413193965),
    (-41960863, -7034186147, 17076147010),
)
_LIGHTNESS = (2104542553, 7936177850, -40720468)

_DEFAULT = ("#2f4fc4", "#ffffff", "#a3b5ff", "#0f1218")
"""What portal.css has where a site has no accent."""

_CSS = """\
@media screen {{
  :root {{ --accent: {light}; --on-accent: {on_light}; }}
}}
@media screen and (prefers-color-scheme: dark) {{
  :root {{ --accent: {dark}; --on-accent: {on_dark}; }}
}}
"""

_Triple = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Colours:
    """The accent in either scheme, and what can be read upon it; each is '#rrggbb', or '#rgb'."""

    light: str
    on_light: str
    dark: str
    on_dark: str


def colours_of(accent: str) -> Colours:
    """The colours that an accent ('' for none) comes to. Raises ValueError for what is no colour."""
    if not accent:
        return Colours(*_DEFAULT)
    return Colours(_readable(accent, _LIGHT, 0), _ON_LIGHT, _readable(accent, _DARK, _ONE), _ON_DARK)


def theme_of(accent: str) -> str:
    """CSS to stand after portal.css; '' for none.

    `accent` is '#rrggbb' or '#rgb', and ValueError anything else. Where it can be read as it is, it stays byte for
    byte. Paper keeps the colours that portal.css gives it.
    """
    if not accent:
        return ""
    return _CSS.format(**asdict(colours_of(accent)))


def _readable(accent: str, surfaces: Sequence[str], end: int) -> str:
    """`accent`, or the nearest of its shades on the way to the lightness `end` that can be read on all `surfaces`."""
    lights = [_luminance(_channels(surface)) for surface in surfaces]
    channels = _channels(accent)
    if _can_be_read(channels, lights):
        return accent
    steps = range(_STEPS)  # black and white, at the end, can be read
    step = bisect_left(steps, True, key=lambda step: _can_be_read(_shade(channels, end, step), lights))
    return "#" + bytes(_shade(channels, end, step)).hex()


def _channels(colour: str) -> _Triple:
    """Red, green and blue, from 0 to 255."""
    if not re.fullmatch("#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})", colour):
        raise ValueError(f"no colour: {colour!r}")
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    red, green, blue = bytes.fromhex(digits)
    return red, green, blue


def _luminance(channels: _Triple) -> int:
    """Relative luminance; 10,000 times `_ONE` is white's."""
    red, green, blue = (_light()[channel] for channel in channels)
    return 2126 * red + 7152 * green + 722 * blue


def _can_be_read(channels: _Triple, surfaces: Sequence[int]) -> bool:
    """Whether the contrast is at least 4.5 to 1 against each of the luminances `surfaces`."""
    flare = 500 * _ONE
    own = _luminance(channels)
    return all(2 * (max(own, other) + flare) >= 9 * (min(own, other) + flare) for other in surfaces)


def _shade(channels: _Triple, end: int, step: int) -> _Triple:
    """The colour, `step` of `_STEPS` on its way to the lightness `end`."""
    red, green, blue = (_light()[channel] for channel in channels)
    cones = [_root(_dot(row, (red, green, blue)) * _ONE**2, 3) for row in _TO_CONES]
    lightness = _dot(_LIGHTNESS, cones)
    moved = lightness + (end - lightness) * step // _STEPS
    # In OKLab the chroma is what a colour's cones differ by from those of the grey that is as light.
    chroma = [cone - lightness for cone in cones]
    parts = range(1, _STEPS + 1)
    most = bisect_left(parts, True, key=lambda part: not _is_shown(_mixed(moved, chroma, part)))
    red, green, blue = (_nearest(light) for light in _mixed(moved, chroma, most))
    return red, green, blue


def _mixed(lightness: int, chroma: Sequence[int], part: int) -> list[int]:
    """Linear red, green and blue of a grey with `part` of `_STEPS` of some chroma."""
    cones = [(lightness + each * part // _STEPS) ** 3 // _ONE**2 for each in chroma]
    return [_dot(row, cones) for row in _FROM_CONES]


def _is_shown(lights: Sequence[int]) -> bool:
    """Whether sRGB has the colour, but for what rounding adds or takes."""
    edge = _ONE // 10_000
    return all(-edge <= light <= _ONE + edge for light in lights)


def _dot(row: Sequence[int], values: Sequence[int]) -> int:
    return sum(one * other for one, other in zip(row, values, strict=True)) // _ONE


@cache
def _light() -> tuple[int, ...]:
    """The linear light of each of a channel's 256 values, by sRGB's curve."""
    lights = []
    for value in range(256):
        if value <= 10:  # 0.04045 of 255
            lights.append(value * 100 * _ONE // (255 * 1292))
        else:
            over, under = 1000 * value + 55 * 255, 1055 * 255
            lights.append(_root(over**12 * _ONE**5 // under**12, 5))
    return tuple(lights)


def _nearest(light: int) -> int:
    """The channel's value whose light is nearest."""
    table = _light()
    after = min(bisect_left(table, light), 255)
    before = max(after - 1, 0)
    return before if light - table[before] < table[after] - light else after


def _root(number: int, degree: int) -> int:
    """The whole part of a root."""
    return bisect_right(range(2 << number.bit_length() // degree), number, key=lambda root: root**degree) - 1
