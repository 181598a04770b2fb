"""The font that a text is written with: one that has all its letters.

The first choice comes with Pillow (Aileron, Latin letters without marks); a text with others takes
the first font of the system that has them all, and where none has, marks are left off: a box
is never shown. Called on the thread that draws texts; what a font has is found out once.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import ImageFont

SYSTEM = (
    *("NotoSans-Medium.ttf", "NotoSans-Regular.ttf", "DejaVuSans.ttf"),
    *("HelveticaNeue.ttc", "Arial Unicode.ttf", "arial.ttf", "segoeui.ttf"),
    *("NotoSansCJK-Regular.ttc", "Hiragino Sans GB.ttc", "PingFang.ttc", "AppleSDGothicNeo.ttc"),
    *("msyh.ttc", "YuGothM.ttc", "malgun.ttf", "seguisym.ttf", "Apple Symbols.ttf"),
)
"""Fonts of Linux, macOS and Windows, by the names of their files; Pillow knows the folders."""
_TRIED_AT = 32
_NO_LETTER = "\uffff"
_PLAIN = str.maketrans({"–": "-", "—": "-", "…": "...", "‘": "'", "„": '"', "ß": "ss", "ø": "o",
                        "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ı": "i", "\u00a0": " "})


def font_for(text: str, height: int) -> tuple[ImageFont.FreeTypeFont, str]:
    """A font of `height` pixels for all letters of `text`, and the text as it can be written."""
    for name in ("", *SYSTEM):
        if _has_all(name, text):
            return _font(name, height), text
    plain = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return _font("", height), "".join(letter for letter in plain if _has_all("", letter))


def _has_all(name: str, text: str) -> bool:
    return _font(name, _TRIED_AT) is not None and all(_has(name, letter) for letter in set(text))


@lru_cache(4096)
def _has(name: str, letter: str) -> bool:
    font = _font(name, _TRIED_AT)
    return letter.isspace() or bytes(font.getmask(letter)) != bytes(font.getmask(_NO_LETTER))


@lru_cache(64)
def _font(name: str, height: int) -> ImageFont.FreeTypeFont | None:
    """Pillow's own for "", None for one that this system has not."""
    from PIL import ImageFont

    try:
        return ImageFont.truetype(name, height) if name else ImageFont.load_default(height)
    except OSError:
        return None
