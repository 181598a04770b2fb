"""Learning in the show and before it: "move a knob", and the rig's [midi] has it.

`Bindings` lays the rows of a show over those of the rig; a `Learner` asks the MIDI thread for the
control that moves next and writes its row into the rig, comments and order kept. In a show the
desk's thread calls it, so that undo takes the row back; `liquidlight learn` needs no show.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from controllers.learn import Learned
from controllers.mapping import Mapping as MidiMapping
from controllers.mapping import parse_mapping
from controllers.midi import MidiInput
from controllers.rows import Row, address_of, parse_rows
from engine.clock import WallClock, monotonic, sleep
from engine.errors import DeviceError, PresetError
from engine.exchange import EventQueue
from engine.folders import write_whole
from engine.rig import read_rig, usual_path
from engine.saving import put
from engine.show import Show

Tell = Callable[[str], None]
WAIT_SECONDS = 120.0


class Bindings:
    """What rig and show say together of MIDI. `rig` is the rig's file, there or not yet."""

    def __init__(self, rows: Mapping[str, str], rig: str) -> None:
        self.rig = Path(rig) if rig.endswith(".toml") else usual_path()
        self._rows = parse_mapping(rows, rig)
        self._show: Show | None = None

    def of(self, show: Show) -> MidiMapping:
        """The mapping while `show` plays. Raises PresetError for a wrong row of it."""
        mapping = parse_mapping(show.midi, str(show.files[0]), self._rows)
        self._show = show
        return mapping

    def again(self) -> MidiMapping:
        """The rig's rows read anew, under those of the show that plays."""
        self._rows = parse_mapping(_midi_of(self.rig), str(self.rig))
        return self._rows if self._show is None else self.of(self._show)


def _midi_of(path: Path) -> Mapping[str, str]:
    """The [midi] rows of a rig, none of one that is not there."""
    return read_rig(path).midi if path.exists() else {}


class Learner:
    """Binds controls while a show plays; all on the desk's thread."""

    def __init__(self, midi: MidiInput | None, bindings: Bindings, tell: Tell) -> None:
        self._midi, self._bindings, self._tell = midi, bindings, tell
        self._found: EventQueue[Learned] = EventQueue()

    def ask(self, address: str) -> None:
        """Wait for a control for `address`, "" to give up. Raises LiquidlightError."""
        if self._midi is None:
            raise DeviceError("learn: this performance has no MIDI")
        self._midi.learn(address, self._found.put)
        self._tell(f"learn: move the control for {address}" if address else "learn: given up")

    def learned(self) -> list[tuple[Path, str | None, str]]:
        """Files written for what was found: the path, its text before (None: no file) and now."""
        written = []
        for learned in self._found.drain():
            path, lone = self._bindings.rig, len(self._midi.ports) < 2
            before = path.read_text("utf-8") if path.exists() else None
            after, text = with_row(before or "", learned, lone)
            write_whole(path, after)
            self.remap(path)
            self._tell(_said(learned, text, self._midi.moved_by(learned)))
            written.append((path, before, after))
        return written

    def bound(self) -> list[dict[str, Any]]:
        """What moves what on the ports that are open: `address`, `control`, `port`, and whether
        the rig says so (`own`), so that it can be forgotten. Any thread that may wait for disks."""
        mine, ports = _midi_of(self._bindings.rig), self._midi.mappings if self._midi else {}
        rows = ((port, row) for port, mapping in ports.items() for row in mapping.rows)
        return [{"address": row.address.name, "control": row.words, "port": port,
                 "own": row.address.name in mine} for port, row in rows]

    def forget(self, address: str) -> tuple[Path, str, str]:
        """Take the row of an address out of the rig: its file, the text before and now. Raises
        PresetError where it says nothing of it; the controller's own rows come back then."""
        path = self._bindings.rig
        if address not in _midi_of(path):
            raise PresetError(f"unlearn: {path.name} binds nothing to {address!r}")
        before = path.read_text("utf-8")
        after = without_row(before, address)
        write_whole(path, after)
        self.remap(path)
        self._tell(f'unlearned: "{address}" is bound to nothing by {path.name}')
        return path, before, after

    def remap(self, path: Path) -> None:
        """Play by what `path` says now, if it is the rig."""
        if path == self._bindings.rig and self._midi:
            self._midi.set_mapping(self._bindings.again())


def _said(learned: Learned, text: str, before: tuple[str, ...]) -> str:
    was = f"; it moved {', '.join(before)} until now" if before else ""
    return f'learned: "{learned.address}" = "{text}" ({learned.port}){was}'


def with_row(rig: str, learned: Learned, lone: bool = True) -> tuple[str, str]:
    """The rig's text with the row of what was learned, and that row.

    Other rows of the rig lose the control. Unless the port is `lone`, the row is for it only.
    """
    import tomlkit

    document = tomlkit.parse(rig or "# What this machine plays with.\n")
    port = learned.port.lower().partition(",")[0]
    text = learned.text if lone else f"{learned.text} from {port}"
    for name, said in dict(document.get("midi", {})).items():
        if name != learned.address and isinstance(said, str):
            _take_off(document["midi"], name, said, _row(learned.address, text))
    put(document, ("midi", learned.address), text)
    return tomlkit.dumps(document), text


def without_row(rig: str, address: str) -> str:
    """The rig's text without the row of an address."""
    import tomlkit

    document = tomlkit.parse(rig)
    del document["midi"][address]
    return tomlkit.dumps(document)


def _take_off(table: dict, name: str, said: str, taken: Row) -> None:
    """Take a control away from a row; a row without any is gone."""
    if address_of(name) is None:
        return
    left = [part.strip() for part in said.split(",") if not _same(_row(name, part), taken)]
    if not left:
        del table[name]
    elif len(left) < len(said.split(",")):
        table[name] = ", ".join(left)


def _row(name: str, text: str) -> Row:
    return next(parse_rows(address_of(name), text))


def _same(row: Row, other: Row) -> bool:
    return (row.control, row.layer, row.port) == (other.control, other.layer, other.port)


def learn(options: Namespace, tell: Tell) -> None:
    """The verb: for each address the control that is moved, written into the rig.

    Raises LiquidlightError for a wrong address, without MIDI, or when nothing moves for long.
    """
    path = options.rig or usual_path()
    bindings = Bindings(_midi_of(path), str(path))
    port = options.midi if "midi" in options else None
    for address in options.addresses:
        if address_of(address) is None:
            parse_mapping({address: "cc 1"}, "learn")  # says what is wrong with it
    midi = MidiInput(port, bindings.again(), EventQueue(), WallClock())
    try:
        if midi.problem:
            raise DeviceError(midi.problem)
        learner = Learner(midi, bindings, tell)
        for address in options.addresses:
            learner.ask(address)
            _wait(learner, address, options.seconds or WAIT_SECONDS)
        tell(f"written to {bindings.rig}")
    finally:
        midi.close()


def _wait(learner: Learner, address: str, seconds: float) -> None:
    end = monotonic() + seconds
    while not learner.learned():
        if monotonic() > end:
            raise PresetError(f"learn: nothing was moved for {address} in {seconds:.0f} s")
        sleep(0.02)
