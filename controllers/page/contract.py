"""What the page asks of a running show; engine/page_answers.py answers. Any thread, at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from controllers.surface import Surface

Row = dict[str, Any]


class PageShow(Protocol):
    """All methods look at the newest moment; those of files may wait for the disk."""

    surface: Surface

    def put(self, address: str, value: float | str) -> None:
        """A hand on the page; the address and its value are checked."""
        ...

    def held(self) -> Mapping[str, float | str]:
        """What hands have taken over from the look."""
        ...

    def knobs(self) -> Mapping[str, tuple[float, str]]:
        """By address, knobs that stand elsewhere than the value they are to pick up: the value
        they would send, and whose they are."""
        ...

    def now(self) -> Row:
        """What moves with the music: beat, bpm, what plays, what is queued, what waits; the `film`
        and `take` that are recorded, the take that is `laid` over the show, `free` bytes."""
        ...

    def health(self) -> Row:
        """The figures of the last second, and the lines that the operator was told."""
        ...

    def scenes(self) -> list[Row]:
        """The presets of the set in order: name, title, notes, tags."""
        ...

    def outputs(self) -> list[Row]:
        """Windows of the show: name, corners, whether they show a test card."""
        ...

    def displays(self) -> list[Row]:
        """Displays of the machine: name, place, size, and the outputs that fill them."""
        ...

    def takes(self) -> list[Row]:
        """Takes that are there, newest first: name, show, seconds, when, bytes, path."""
        ...

    def delete_take(self, name: str) -> str:
        """Its name; it can be had back until the show ends. Raises LiquidlightError."""
        ...

    def restore_take(self, name: str) -> str:
        """Its name; what was deleted is there again. Raises LiquidlightError."""
        ...

    def spectrum(self) -> list[int]:
        """Bands of the newest sound, 0..100."""
        ...

    def preview(self) -> tuple[int, bytes] | None:
        """The newest small picture as JPEG, and its number; asking keeps them coming."""
        ...

    def thumbnail(self, preset: str) -> bytes | None:
        """A small JPEG of a preset, None while nobody has seen it yet."""
        ...

    def bound(self) -> list[Row]:
        """What moves what over MIDI: address, control, port, whether it is `own` (was learnt)."""
        ...

    def unlearn(self, address: str) -> None:
        """Ask that what was learnt for an address be forgotten; a line tells how it went."""
        ...

    def files(self) -> list[str]:
        """Names of the show's files, which may be read and written."""
        ...

    def read_file(self, name: str) -> str:
        """Raises LiquidlightError."""
        ...

    def check_file(self, name: str, text: str) -> list[Row]:
        """Mistakes as `liquidlight check` tells them: line, column, message."""
        ...

    def save_file(self, name: str, text: str, new_name: str = "") -> str:
        """Write it, or a new one beside it; the name written. Raises LiquidlightError."""
        ...
