"""All hands of a performance: MIDI, OSC, gamepads; the clock sent out; whose beat is followed.

PlayOptions in, open devices out; `notes` takes lines for the operator. Opened on the main thread
before the first picture. The network is listened to only where that was asked.
"""

from __future__ import annotations

from typing import Any

from controllers.mapping import Mapping
from controllers.midi import MidiInput
from controllers.midi_clock_out import MidiClockOut
from controllers.surface import Surface
from engine.audio.tempo_sources.ableton_link import AbletonLink
from engine.audio.tempo_sources.contract import TempoSource
from engine.audio.tempo_sources.midi_clock import MidiClock
from engine.audio.tempo_sources.pro_dj_link import ProDjLink
from engine.clock import Clock
from engine.exchange import EventQueue
from engine.listening import Listening
from engine.network import open_network
from engine.pads import Pads
from engine.play_options import PlayOptions
from engine.records import ControlEvent


class Hands:
    """What was asked for, open: `midi` and `osc` (None without), `pads`. Raises DeviceError for a
    port that was named and is not there."""

    def __init__(
        self, options: PlayOptions, mapping: Mapping, events: EventQueue[ControlEvent],
        clock: Clock, midi_clock: MidiClock, surface: Surface, listening: Listening,
        notes: list[str],
    ) -> None:
        self.pads = Pads(options.gamepad, options.rig, events, clock, options.screen != "offscreen")
        self.midi = self.osc = self.clock_out = None
        try:
            if options.midi != "none":
                self.midi = MidiInput(
                    options.midi, mapping, events, clock, midi_clock.take, surface
                )
            self.osc = open_network(options, events, clock, notes, surface)
            if options.midi_clock:
                self.clock_out = MidiClockOut(
                    options.midi_clock, lambda: listening.moment.get().signals.beat, clock
                )
        except BaseException:
            self.close()
            raise

    def map(self, mapping: Mapping) -> None:
        """Another mapping for MIDI from now on; any thread."""
        if self.midi:
            self.midi.set_mapping(mapping)

    @property
    def received(self) -> dict[str, int]:
        """Events that came, by the way that they took."""
        ways = {"MIDI": self.midi, "OSC": self.osc, "gamepad": self.pads.hands}
        return {name: hands.received for name, hands in ways.items() if hands is not None}

    def notes(self) -> list[str]:
        """What is to be told of devices that came, went or failed since the last call."""
        return self.midi.notes.drain() if self.midi else []

    def figures(self) -> dict[str, Any]:
        """For --stats; any thread."""
        figures: dict[str, Any] = self.osc.figures() if self.osc else {}
        if self.midi:
            figures["midi_ports"] = len(self.midi.ports)
            figures["midi_last"] = self.midi.last
            figures["midi_ghosts"] = sorted(self.midi.ghosts)
        if self.clock_out:
            figures["midi_clock_ticks"] = self.clock_out.sent
            figures["midi_clock_late_ms"] = round(self.clock_out.late_ms, 2)
        return figures

    def close(self) -> None:
        for thing in (self.clock_out, self.osc, self.midi):
            if thing is not None:
                thing.close()


def tempo_sources(
    options: PlayOptions, clock: Clock, midi_clock: MidiClock, notes: list[str]
) -> list[TempoSource]:
    """MIDI clock always, Link and Pro DJ Link where they were asked for."""
    sources: list[TempoSource] = [midi_clock]
    if options.link is not None:
        sources.append(AbletonLink(clock, lead=options.link == "lead"))
    if options.prolink is not None:
        sources.append(ProDjLink(clock, options.prolink, options.player))
        if options.prolink.startswith("127."):
            notes.append("Pro DJ Link is heard on this machine only; see --prolink")
    return sources
