"""The texts of options, read and checked: for the command line and the rig alike.

Each function takes the text and returns the value, or raises ArgumentTypeError with one line that
names the text and what is allowed.
"""

from __future__ import annotations

from argparse import ArgumentTypeError

from engine.errors import LiquidlightError
from engine.params import TEMPO, TEMPO_SOURCES

LINKS = ("listen", "lead")


def size(text: str) -> tuple[int, int]:
    """`1280x720` to (1280, 720); both even, 64..8192."""
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not WIDTHxHEIGHT, e.g. 1280x720") from None
    if not (64 <= width <= 8192 and 64 <= height <= 8192 and width % 2 == height % 2 == 0):
        raise ArgumentTypeError(f"{text!r}: both must be even and 64..8192")
    return width, height


def seconds(text: str) -> float:
    """A length of time above zero; `mm:ss` is understood too."""
    try:
        minutes, _, rest = text.rpartition(":")
        value = float(minutes or 0) * 60.0 + float(rest)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not seconds or mm:ss") from None
    if not 0.0 <= value < 1e6:
        raise ArgumentTypeError(f"{text!r} must be 0 or more")
    return value


def minutes(text: str) -> float:
    """Minutes above 0, at most a day."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value <= 1440.0:
        raise ArgumentTypeError(f"{text!r} is not a number of minutes, above 0 and at most 1440")
    return value


def moments(text: str) -> int:
    """Moments of a picture that motion blur averages, 1..64."""
    if not text.isdigit() or not 1 <= int(text) <= 64:
        raise ArgumentTypeError(f"{text!r} is not a whole number 1..64")
    return int(text)


def degrees(text: str) -> float:
    """How far a shutter is open, above 0 and at most 360 degrees."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value <= 360.0:
        raise ArgumentTypeError(f"{text!r} is not an angle above 0 and at most 360")
    return value


def port(text: str) -> int:
    """A UDP port, or 0."""
    if not text.isdigit() or int(text) > 65535:
        raise ArgumentTypeError(f"{text!r} is not a port 0..65535")
    return int(text)


def receivers(text: str) -> tuple[tuple[str, int], ...]:
    """`192.168.1.5:9000, localhost:9001`; "" for nobody."""
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        host, _, number = part.rpartition(":")
        if not host or not number.isdigit() or not 0 < int(number) < 65536:
            raise ArgumentTypeError(f"{part!r} is not HOST:PORT, e.g. 192.168.1.5:9000")
        found.append((host, int(number)))
    return tuple(found)


def rate(text: str) -> int:
    """Pictures a second, 1..240."""
    if not text.isdigit() or not 1 <= int(text) <= 240:
        raise ArgumentTypeError(f"{text!r} is not a whole number 1..240")
    return int(text)


def runtime(text: str) -> str:
    """What computes the model; must be installed."""
    from engine.diffusion.runtimes import check_runtime

    try:
        check_runtime(text)
    except LiquidlightError as error:
        raise ArgumentTypeError(str(error)) from None
    return text


def tempo_range(text: str) -> tuple[float, float]:
    """`70-180` to (70.0, 180.0), beats a minute; at least an octave within 30..300."""
    try:
        low, high = (float(part) for part in text.split("-"))
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not LOW-HIGH, e.g. 70-180") from None
    if not (30.0 <= low and 2.0 * low <= high <= 300.0):
        raise ArgumentTypeError(f"{text!r}: 30..300 bpm, the high at least twice the low")
    return low, high


def tempo(text: str) -> str | float:
    """Whose beat is followed: a source's name, or a number of beats a minute, 30..300."""
    if text in TEMPO_SOURCES and text != "fixed":
        return text
    try:
        bpm = float(text)
    except ValueError:
        names = ", ".join(name for name in TEMPO_SOURCES if name != "fixed")
        raise ArgumentTypeError(f"{text!r} is not one of {names}, or a bpm") from None
    if not TEMPO["tempo.bpm"].allows(bpm):
        raise ArgumentTypeError(f"{text!r} is outside {TEMPO['tempo.bpm'].range} bpm")
    return bpm


def offset_ms(text: str) -> float:
    """Milliseconds, -500..500."""
    try:
        value = float(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a number of milliseconds") from None
    if not TEMPO["tempo.offset"].allows(value):
        raise ArgumentTypeError(f"{text!r} is outside {TEMPO['tempo.offset'].range} ms")
    return value


def player(text: str) -> int:
    """The number of a player, as it shows it, 1..6."""
    if text not in ("1", "2", "3", "4", "5", "6"):
        raise ArgumentTypeError(f"{text!r} is not a player 1..6")
    return int(text)


def link(text: str) -> str:
    """How to take part in Ableton Link."""
    if text not in LINKS:
        raise ArgumentTypeError(f"{text!r} is not one of {', '.join(LINKS)}")
    return text


def flag(text: str) -> bool:
    """`true` or `false`, of the rig."""
    if text not in ("True", "False"):
        raise ArgumentTypeError(f"{text!r} is not true or false")
    return text == "True"
