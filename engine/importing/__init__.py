"""Other programs' films become looks: a file in, the text of a preset and what was lost out.

deforum.py and parseq.py read settings by frame, lists.py lyrics, cue sheets and keyframe strings;
sheet.py writes. Nothing here is run as code, and nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.errors import LiquidlightError
from engine.importing.deforum import read_deforum
from engine.importing.lists import Wishes, read_csv, read_keyframes, read_lrc
from engine.importing.parseq import read_parseq
from engine.importing.sheet import Sheet, written

KINDS: dict[str, Callable[[str, str, Wishes], Sheet]] = {
    "deforum": lambda text, title, _: read_deforum(text, title),
    "parseq": lambda text, title, _: read_parseq(text, title),
    "lrc": read_lrc,
    "csv": read_csv,
    "keyframes": read_keyframes,
}
MOST_BYTES = 64 << 20

__all__ = ["KINDS", "Sheet", "Wishes", "guess_kind", "import_file", "written"]


def import_file(path: Path, kind: str = "", wishes: Wishes | None = None) -> Sheet:
    """What a file says; `kind` one of KINDS, "" to find out. LiquidlightError in one line."""
    text = _text(path)
    try:
        return KINDS[kind or guess_kind(path, text)](text, path.stem, wishes or Wishes())
    except LiquidlightError as error:
        raise LiquidlightError(f"{path}: {error}") from None


def guess_kind(path: Path, text: str) -> str:
    """The kind of a file by its content, and its name where that leaves it open."""
    start = text.lstrip("\ufeff \t\r\n")[:200]
    if start.startswith("{"):
        return "parseq" if '"rendered_frames"' in text or '"managedFields"' in text else "deforum"
    if path.suffix.lower() in (".lrc", ".csv"):
        return path.suffix.lower()[1:]
    if start.startswith("["):
        return "lrc"
    if path.suffix.lower() == ".tsv":
        return "csv"
    if start[:1] in "\"'0123456789" and ":" in start.split(",")[0] and "(" in start:
        return "keyframes"
    raise LiquidlightError(f"is of no kind that is known: say {', '.join(KINDS)}")


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise LiquidlightError(f"{path}: more than {MOST_BYTES >> 20} MiB")
        raw = path.read_bytes()
    except OSError as error:
        raise LiquidlightError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
