"""Hands on the outputs: keys, the mouse and `output.` addresses change mappings and test cards.

Events for outputs never reach the show: they belong to the room, not to a look, a take or the undo
of what is played. `OutputEvents` sorts them out where every controller puts its events; `step` acts
on them on the main thread, once a turn. What was pulled is saved into the rig on a thread of its
own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from engine.errors import DeviceError, LiquidlightError
from engine.exchange import EventQueue
from engine.folders import folder
from engine.output_surface import OutputSurface
from engine.output_writing import save_outputs
from engine.params import (
    OUTPUT_NUDGES,
    OUTPUT_PARAMS,
    OUTPUT_SWITCHES,
    OUTPUT_TEXTS,
    OUTPUT_TRIGGERS,
)
from engine.play_options import USUAL_RIG, PlayOptions
from engine.records import ControlEvent
from engine.render.berth import Berthing
from engine.render.map_editor import MapEditor
from engine.render.mapping import FLIPS, TURNS, Output, with_number
from engine.render.outputs import Outputs

WINDOW_SIZE = (1280, 720)
NAME = "Liquidlight"
_OF_ONE = re.compile(r"output\.([1-9]\d?)\.(.+)")
TOGGLE = "toggle"


class OutputEvents(EventQueue[ControlEvent]):
    """The events of a performance; those for outputs go into a queue of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.outputs: EventQueue[ControlEvent] = EventQueue()

    def put(self, event: ControlEvent) -> None:
        """From any thread."""
        of = event.value if event.address == "release" else event.address
        if str(of).startswith("output."):
            self.outputs.put(event)
        else:
            super().put(event)


def open_outputs(options: PlayOptions) -> Outputs:
    """The windows asked for: those of the rig, else one as the options say. Raises DeviceError."""
    size, full = options.size or WINDOW_SIZE, options.screen == "fullscreen"
    rows = options.outputs or (Output(NAME, options.display, full, size),)
    if not full:
        rows = tuple(replace(row, fullscreen=False) for row in rows)
    return Outputs(rows, offscreen=options.screen == "offscreen")


class OutputHands:
    """Works from the first turn to `close`. `rig` is the file that `output.save` writes."""

    def __init__(
        self, outputs: Outputs, events: OutputEvents, rig: str, tell: Callable[[str], None]
    ) -> None:
        self._outputs, self._events, self._tell = outputs, events.outputs, tell
        self._rig = folder("config") / "rig.toml" if rig == USUAL_RIG else Path(rig)
        self._disk = ThreadPoolExecutor(1, "outputs")
        self.editor = MapEditor(outputs, self._save)
        self.surface = OutputSurface(outputs, self.editor)
        outputs.on_key(self.editor.held, repeats=True)

    def key(self, name: str) -> bool:
        """A key pressed; whether it was for the output that is edited."""
        return self.editor.key(name)

    def step(self) -> None:
        """Do what hands have asked since the last turn, and tell of displays."""
        for event in self._events.drain():
            self._do(event)
        for note in self._outputs.take_notes():
            self._tell(note)

    def close(self) -> None:
        """Let a save that is under way end."""
        self._disk.shutdown()

    def _do(self, event: ControlEvent) -> None:
        """One event; what means nothing is left alone."""
        address, value = event.address, event.value
        if address == "release":  # a number as nobody has changed it
            address, value = str(value), _usual(str(value))
            if value is None:
                return
        one = _OF_ONE.fullmatch(address)
        if one and int(one[1]) <= len(self._outputs.sights):
            self._do_one(int(one[1]) - 1, one[2], value)
        elif address in OUTPUT_SWITCHES:
            if address == "output.edit":
                self._edit(None, value)
            elif address == "output.fullscreen":
                self._fill_all(value)
            else:
                shown = any(sight.card for sight in self._outputs.sights)
                self._card(range(len(self._outputs.sights)), shown, value)
        elif address in OUTPUT_TRIGGERS and _number(value) > 0.0:
            self._press(address.removeprefix("output."))
        elif address in OUTPUT_NUDGES:
            pixels = OUTPUT_NUDGES[address].clamp(_number(value))
            self.editor.nudge(*((pixels, 0.0) if address.endswith("x") else (0.0, pixels)))

    def _do_one(self, n: int, key: str, value: float | str) -> None:
        """One event of output `n`, from 0."""
        sight = self._outputs.sights[n]
        if key in OUTPUT_TEXTS and isinstance(value, str):
            self._text(n, key, value)
        elif key == "test_card":
            self._card([n], sight.card, value)
        elif key == "fullscreen":
            self._fill(n, _switched(sight.window.berth.full, value))
        elif key == "grid":
            self.editor.switch_grid(n, _switched(sight.mapping.grid is not None, value))
        elif key == "edit":
            self._edit(n, value)
        elif key == "reset" and _number(value) > 0.0:
            self.editor.reset(n)
        elif key == "rotate" and not isinstance(value, str):
            turn = TURNS[round(value / 90.0) % 4]
            self.editor.change(n, replace(sight.mapping, rotate=turn), "rotate")
        elif not isinstance(value, str):
            self.editor.change(n, with_number(sight.mapping, key, value), f"hand {key}")

    def _text(self, n: int, key: str, value: str) -> None:
        """Its display, or how it is mirrored."""
        sight = self._outputs.sights[n]
        if key == "display":
            self._move(n, lambda: self._outputs.berths.choose(n, value))
        elif value in FLIPS:
            self.editor.change(n, replace(sight.mapping, flip=value), "flip")
        else:
            self._tell(f"{sight.output.name}: flip = {value!r} is not one of {', '.join(FLIPS)}")

    def _fill(self, n: int, on: bool) -> None:
        """Full screen on its own display, or a window."""
        berths = self._outputs.berths
        if on != berths.now[n].full:
            self._move(n, lambda: (berths.filled if on else berths.windowed)(n))

    def _fill_all(self, value: float | str) -> None:
        """All of them, or none, as one step."""
        berths = self._outputs.berths
        on = _switched(all(berth.full for berth in berths.now), value)
        self.editor.move(berths.all(on))

    def _move(self, n: int, wanted: Callable[[], Berthing]) -> None:
        """To where a hand wants it; what cannot be is told, and nothing changes."""
        try:
            self.editor.move(wanted())
        except DeviceError as error:
            self._tell(f"{self._outputs.sights[n].output.name}: {error}")

    def _card(self, which: range | list[int], shown: bool, value: float | str) -> None:
        for n in which:
            self._outputs.sights[n].card = _switched(shown, value)

    def _edit(self, n: int | None, value: float | str) -> None:
        active = self.editor.active
        was = active is not None if n is None else active == n
        if _switched(was, value):
            self.editor.begin(n)
        elif was:
            self.editor.end()

    def _press(self, what: str) -> None:
        acts: dict[str, Callable[[], None]] = {
            "save": self._save, "undo": self.editor.undo, "redo": self.editor.redo,
            "reset": self.editor.reset, "next_point": self.editor.next,
            "identify": self._outputs.identify,
        }  # fmt: skip
        acts[what]()

    def _save(self) -> None:
        """Write all mappings into the rig, beside the show."""
        wanted = []
        for sight in self._outputs.sights:
            output = sight.output
            if output.fullscreen and output.display is None:  # Chosen by itself: the same again.
                output = replace(output, display=sight.window.label)
            wanted.append(output)
        moved = frozenset(self._outputs.berths.chosen)
        self._disk.submit(self._write, tuple(wanted), moved)

    def _write(self, outputs: tuple[Output, ...], moved: frozenset[int]) -> None:
        try:
            save_outputs(self._rig, outputs, moved)
        except LiquidlightError as error:
            self._tell(f"the outputs are not saved: {error}")
        else:
            self._tell(f"saved the outputs in {self._rig}")


def _usual(address: str) -> float | None:
    one = _OF_ONE.fullmatch(address)
    row = OUTPUT_PARAMS.get(one[2]) if one else None
    return row.default if row else None


def _number(value: float | str) -> float:
    return 0.0 if isinstance(value, str) else float(value)


def _switched(was: bool, value: float | str) -> bool:
    """The new state of a switch."""
    return not was if value == TOGGLE else _number(value) > 0.5
