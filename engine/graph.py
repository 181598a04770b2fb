"""The one graph that live and offline share: a hop of sound and some events in, a Moment out.

Everything that remembers is stepped here, once a hop, so the step is constant: features, beats,
envelopes, controls, what of the set plays, and the camera's path. Live it runs on the analysis
thread, offline in the loop of the film; neither knows of the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from engine.audio.heard import Reading
from engine.audio.stems import Stems
from engine.audio.tempo_desk import TempoDesk
from engine.cues import preset_events
from engine.dimmer import Dimmer
from engine.director import Director
from engine.exchange import EventQueue
from engine.launches import Launches
from engine.params import TAKE_ACTS
from engine.records import (
    HOP,
    HOP_SECONDS,
    SILENCE,
    AudioBlock,
    Beat,
    ControlEvent,
    Controls,
    Moment,
    Pose,
    Signals,
    Sound,
)
from engine.registers import Registers
from engine.remembering import put_back, remembered
from engine.resolve import hearing, silent_moment, stepped
from engine.show import Show
from engine.signals import USUAL, SignalMaker
from engine.stems import with_stems
from engine.undo import History

_REMEMBER = ("_signals", "_registers", "_dimmer", "_settings")
SETTINGS_HOPS = 8
"""How often the look is asked how it wants to be heard: twelve times a second."""


class Graph:
    """Steps the show's memory. `show` may be replaced between hops (a saved file).

    `tempo` chooses whose beat is followed; without one it is the ear's, and taps'. `stems` are
    heard beside a song that is known; else what the ear tells apart stands in for them.
    """

    def __init__(
        self, show: Show, tempo: TempoDesk | Reading | None = None,
        stems: Stems | None = None,
    ) -> None:
        self.show = show
        self.tempo = tempo or TempoDesk()
        self.stems = stems
        self.moment: Moment = silent_moment()
        self.history = History()
        self.launches = Launches()
        self._hops = 0
        self._passed = 0  # hops skipped since the last moment
        self._signals = SignalMaker()
        self._settings = USUAL
        self._sound = SILENCE
        self._director = Director(show)
        self._dimmer = Dimmer()
        self._registers = Registers(show)
        self._cued = Beat(-1.0, -1.0)  # up to where cues have chosen presets
        self.beat = Beat()
        """The newest, whatever the moment holds."""
        self.take_asks: EventQueue[tuple[int, ControlEvent]] = EventQueue()
        """Events of params.TAKE_ACTS, and the hop that took each in: for engine/take_desk.py."""

    @property
    def hops(self) -> int:
        """The number (from 0) of the hop that comes next."""
        return self._hops

    @property
    def time(self) -> float:
        """Show time up to which sound was taken in."""
        return self._hops * HOP_SECONDS

    @property
    def gain(self) -> float:
        """By how much the loudness is raised before it is a signal; any thread."""
        return self._signals.factor

    @property
    def director(self) -> Director:
        """Who says what of the set plays."""
        return self._director

    def memory(self) -> dict[str, Any]:
        """What is remembered, as numbers: for `begin` in another Graph of the same show."""
        moment, ear = self.moment, getattr(self.tempo, "hearing", None)
        kept = {name: remembered(getattr(self, name)) for name in _REMEMBER}
        poses = {name: getattr(moment, name).parts for name in ("pose", "velocity")}
        ear = remembered(ear.extractor) if ear is not None else {}
        return {**kept, **poses, "ear": ear}

    def begin(self, hop: int, beat: Beat, memory: Mapping[str, Any]) -> None:
        """Before the first hop: it is number `hop` of a show, before which this was the beat."""
        self._hops, self.beat = hop, beat
        for name in _REMEMBER:
            setattr(self, name, put_back(getattr(self, name), memory.get(name)))
        if (ear := getattr(self.tempo, "hearing", None)) is not None:
            put_back(ear.extractor, memory.get("ear"))
        poses = {name: Pose(*put_back(Pose().parts, memory.get(name))) for name in ("pose",
                 "velocity")}  # fmt: skip
        signals = replace(self.moment.signals, time=self.time, beat=beat)
        self.moment = replace(self.moment, time=self.time, signals=signals, **poses)
        self._cued = beat

    def skip(self, hops: int) -> None:
        """Time goes on by so many hops that nobody listened to."""
        self._hops += hops
        self._passed += hops

    def hop(self, samples: np.ndarray, events: Sequence[ControlEvent] = ()) -> Moment:
        """Take in HOP samples (HOP, 2) and the events since the last hop."""
        block = AudioBlock(self._hops * HOP, samples)
        self._hops += 1
        passed, self._passed = self._passed, 0
        self._sound = Sound(np.concatenate((self._sound.samples[HOP:], samples)))
        events = [*events, *self._cue_events(block.time + HOP_SECONDS)]
        events = self.launches.step(events, self.moment.signals.beat, block.time)
        controls = self._controls(events)
        features, self.beat = self.tempo.process(block)
        if self._hops % SETTINGS_HOPS == 1:
            self._settings = hearing(block.time, self.moment, self.show)
        signals = self._signals.step(features, self.beat, self._settings)
        signals = self._with_stems(signals, block.index)
        playing = self._director.step(signals, events, self.show)
        before, dt = self.moment, (1 + passed) * HOP_SECONDS
        dark = self._dimmer.step(dt, controls.blackout, events)
        if controls.freeze and before.controls.freeze:  # the moment stands, the ear goes on
            seen = before.playing
            held = replace(
                playing, change=seen.change, decks=seen.decks, crossfader=seen.crossfader
            )
            self.moment = replace(before, controls=controls, playing=held, dark=dark)
            return self.moment
        pose = before.pose.moved(before.velocity, dt)
        moment = Moment(
            block.time, signals, controls, pose, Pose(), playing, before.registers, self._sound,
            dark,
        )
        self.moment = stepped(moment, dt, self._registers, self.show)
        return self.moment

    def _with_stems(self, signals: Signals, index: int) -> Signals:
        """What the show asks of stems, as well."""
        used, heard = self.show.stem_names, ({}, {})
        if used and self.stems is not None:
            heard = self.stems.step(index, signals.beat, self._settings)
        return with_stems(signals, used, *heard)

    def _cue_events(self, time: float) -> list[ControlEvent]:
        """Presets that cues choose up to `time`: a hop ahead, so that none begins a hop late."""
        heard = self.moment.signals.beat
        before, self._cued = self._cued, replace(heard, time=time, beat=heard.at(time))
        return preset_events(self.show.cues, before, self._cued)

    def _controls(self, events: Sequence[ControlEvent]) -> Controls:
        if not events:
            return self.moment.controls
        for event in events:
            self.tempo.take(event)
            if event.address in TAKE_ACTS:
                self.take_asks.put((self._hops, event))
        return self.history.reduce(self.moment.controls, events)
