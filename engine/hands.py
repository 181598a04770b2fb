"""Opens what plays along with a performance: MIDI, and whoever may say where the beat is.

PlayOptions in, open devices out; `notes` takes lines for the operator. Main thread, before the
first picture. The network is listened to only where that was asked.
"""

from __future__ import annotations

from controllers.mapping import Mapping
from controllers.midi import MidiInput
from controllers.surface import Surface
from engine.audio.tempo_sources.ableton_link import AbletonLink
from engine.audio.tempo_sources.contract import TempoSource
from engine.audio.tempo_sources.midi_clock import MidiClock
from engine.audio.tempo_sources.pro_dj_link import ProDjLink
from engine.clock import Clock
from engine.exchange import EventQueue
from engine.play_options import PlayOptions
from engine.records import ControlEvent


def open_midi(
    options: PlayOptions, mapping: Mapping, events: EventQueue[ControlEvent], clock: Clock,
    midi_clock: MidiClock, surface: Surface,
) -> MidiInput | None:
    """The ports asked for. Raises DeviceError when a named one is not there."""
    if options.midi == "none":
        return None
    return MidiInput(options.midi, mapping, events, clock, midi_clock.take, surface)


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
