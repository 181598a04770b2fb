"""The sound input, chosen in the running show: `audio.input` and its text, the name of an input.
`audio.look` looks for inputs that were plugged in since.

Events flow in, another source for the analysis thread flows out. What is asked for is opened beside
what is heard, on a thread of its own because devices wait; it is taken over once it gives sound. An
input that refuses, or stays mute, is told in a line, and what is heard goes on. Like an output the
input belongs to the room: it is in no look, no take and no undo, and the rig keeps its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.audio.devices import rescan
from engine.audio.inputs import LiveInput
from engine.audio.songs import SongPlayer
from engine.audio.sources import AudioSource, list_inputs
from engine.clock import monotonic
from engine.errors import DeviceError, LiquidlightError
from engine.exchange import EventQueue
from engine.listening import Listening
from engine.output_hands import OutputEvents
from engine.records import ControlEvent

if TYPE_CHECKING:
    from engine.play_options import PlayOptions

INPUT, LOOK = "audio.input", "audio.look"
LOOK_SECONDS, LIST_SECONDS = 0.05, 5.0
MUTE_SECONDS = 4.0
"""How long an input that was opened may give nothing before it is given up."""


class RoomEvents(OutputEvents):
    """The events of a performance; those for the input go into a queue of their own too."""

    def __init__(self) -> None:
        super().__init__()
        self.inputs: EventQueue[ControlEvent] = EventQueue()

    def put(self, event: ControlEvent) -> None:
        """From any thread."""
        if event.address.startswith("audio."):
            self.inputs.put(event)
        else:
            super().put(event)


class InputHands:
    """Works from its making to `close`, on a thread of its own.

    A song that the show began with stays among the choices: taken again, it begins anew. Other
    files are never opened, whoever asks.
    """

    def __init__(
        self, options: PlayOptions, listening: Listening, events: RoomEvents,
        tell: Callable[[str], None],
    ) -> None:
        self._listening, self._events, self._tell = listening, events.inputs, tell
        first = listening.source
        self._song = (first.name, options.audio) if isinstance(first, SongPlayer) else None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="inputs", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Give up what is being opened; what is heard stays with Listening."""
        self._stop.set()
        self._thread.join(timeout=MUTE_SECONDS)

    def _run(self) -> None:
        listed = -LIST_SECONDS
        while not self._stop.wait(LOOK_SECONDS):
            if monotonic() - listed > LIST_SECONDS:
                self._list()
                listed = monotonic()
            asked = {event.address: event.value for event in self._events.drain()}
            if asked.get(LOOK):
                self._look()
            if INPUT in asked:
                self._choose(str(asked[INPUT]).strip())

    def _list(self) -> None:
        """What can be chosen, for whoever shows it; inputs that cannot be listed are none."""
        try:
            names = list_inputs()
        except DeviceError:
            names = []
        song = [self._song[0]] if self._song else []
        heard = [name_of(self._listening.source)]
        choices = tuple(dict.fromkeys((*song, *names, *heard)))
        if choices != self._listening.inputs:
            self._listening.inputs = choices

    def _look(self) -> None:
        """PortAudio sees what is new only while no stream is open: so an input blinks."""
        source = self._listening.source
        try:
            if isinstance(source, LiveInput):
                source.refresh()
            else:
                rescan()
        except DeviceError as error:  # it is tried again by the input itself
            self._tell(str(error))
        self._list()

    def _choose(self, name: str) -> None:
        heard = name_of(self._listening.source)
        if name in ("", heard):
            return
        try:
            self._may_change()
            source = self._opened(name)
        except LiquidlightError as error:
            self._tell(f"{error}; {heard} is heard on")
            return
        if source is not None:
            self._hand_over(source)

    def _may_change(self) -> None:
        """A take names its song, and is played again with that."""
        listening = self._listening
        if listening.take is not None:
            raise DeviceError("sound input: a take plays, with its own sound")
        writer = listening.take_writer
        if writer is not None and not writer.keeps_sound:
            raise DeviceError("sound input: a take of this song is being recorded")

    def _opened(self, name: str) -> AudioSource | None:
        """A source that gives sound; None where the show ended meanwhile. Raises DeviceError."""
        song = self._song and name.lower() == self._song[0].lower()
        source = SongPlayer(self._song[1]) if song and self._song else LiveInput(name)
        try:
            source.start()
            until = monotonic() + MUTE_SECONDS
            while isinstance(source, LiveInput) and not source.flows:
                if monotonic() > until:
                    raise DeviceError(f"sound input {name!r}: opened, but it gives no sound")
                if self._stop.wait(LOOK_SECONDS):
                    source.close()
                    return None
        except BaseException:
            source.close()
            raise
        return source

    def _hand_over(self, source: AudioSource) -> None:
        """The analysis thread takes it within a hop; then the one that was left is closed."""
        before = self._listening.source
        self._listening.take_over(source)
        while self._listening.source is not source:
            if self._stop.wait(LOOK_SECONDS):
                return  # Listening closes both
        before.close()
        name = name_of(source)
        self._list()
        hint = "" if isinstance(source, SongPlayer) else f"; for the next show: --audio {name!r}"
        self._tell(f"sound: {name} is heard now{hint}")


def name_of(source: AudioSource) -> str:
    """A source as it is called among the choices: the device in full."""
    return getattr(source, "device", "") or getattr(source, "name", "")


def sound_now(listening: Listening) -> dict[str, Any]:
    """The input as the page shows it, some 20 times a second; any thread. See InputMeter.levels;
    `gain_db` is what makes signals of the loudness, `gone_s` how long the device is away."""
    source, gain = listening.source, listening.graph.gain
    away = source.silent_for()
    return {
        **listening.meter.levels(),
        "gain_db": round(float(20.0 * np.log10(max(gain, 1e-4))), 1),
        "gone_s": round(away, 1) if away > 1.0 else 0.0,
        "channels": getattr(source, "channels", "left and right"),
        "song": isinstance(source, SongPlayer),
    }
