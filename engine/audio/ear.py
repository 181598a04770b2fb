"""The ear: hops of sound in, once a hop a Reading of tempo, beat, bar and certainty out.

Four steps: front_end.py makes a row of bands, network.py says whether the hop is a beat, a first
beat, and whether there is one to follow at all, bar_space.py weighs every tempo and place in the
bar against that, and steady.py follows the one that is settled on to the millisecond. This file
does the settling: a place is kept until another has been followed beside it for some beats and was
seen more clearly; longer where it is only the off-beat or a double or half tempo of the same
music, so that nothing flips on the screen. Where harmony and snares show the bar (bars.py), they
overrule what is seen of it. Causal, deterministic, no clock. On the analysis thread.
"""

from __future__ import annotations

import numpy as np

from engine.audio.bar_space import BEATS, BarSpace
from engine.audio.bars import BarFinder
from engine.audio.front_end import FrontEnd
from engine.audio.network import DELAY_SECONDS, Network, Seen
from engine.audio.steady import SteadyPulse
from engine.records import HOP_SECONDS, AudioBlock, Beat, Features, Reading

SAME_TEMPO, SAME_PHASE = 0.04, 0.13
"""What counts as the same place: relative difference of tempo, beats of difference of phase."""
SURE = 0.35
"""How sure the belief must be of a place for it to be settled on."""
RATIOS = {0.5: 0.04, 2.0: 0.04, 2 / 3: 0.015, 1.5: 0.015, 0.75: 0.015, 4 / 3: 0.015}
"""Simple ratios of tempo, in which the same music can be heard, and how near they must be: house
at 128 and drum and bass at 174 are no 3 to 4."""
MOVE, FLIP, OCTAVE = (2, 0.4, 0.15), (5, 0.6, 0.3), (8, 0.5, -1.0)
"""Beats for which another place must be followed, how clearly its beats must be seen and how much
more clearly than one's own: another tempo, another place at the same or a simple ratio of it, and
a faster one of those, whose beats are seen as well where both are right."""
FAINT_MOVE, FAINT_SURE, FAINT_OWN = (4, 0.0, 0.08), 0.6, 0.25
"""Another tempo whose beats are faint, in a breakdown after a cut: for so many beats the belief
was mostly so sure of it, and one's own beats are seen less than this."""
HALF, HALF_SEEN = (3, 0.6, -1.0), 0.3
"""And a slower one, where every other beat of one's own is seen less clearly than this."""
HALF_BEAT = 0.35
"""From this difference of phase on it is the off-beat."""
STANDING, STANDING_LEAST, STANDING_MOST = 0.5, 3.0, 32.0
"""The off-beat and simple ratios must wait so many beats more for each beat, up to so many, for
which the place settled on was clearly seen; the belief returns to it from a few on. Music does
not turn round, only what is seen of it."""
PULSE_SECONDS = 0.3
"""Smooths what the network says of there being a beat at all."""
PULSE_ENOUGH = 0.5
"""From here on it is not doubted."""
RISE_SECONDS, BREAK_SECONDS, DOUBT_SECONDS = 0.1, 60.0, 4.0
"""Time constants of trust: towards the belief, with no beat to be heard, with another likelier."""
CLEAR = 0.4
"""How clearly another place must be seen before the one settled on is doubted."""
DOUBTED = 0.3
"""Trust below which another place is settled on at once."""
BAR_SURE, BAR_BEATS = 0.7, 3
"""So sure of the bar, for so many beats, before the bar is settled or moved."""


class NetworkEar:
    """Settles on a beat. One call a hop, in order."""

    def __init__(self, low_bpm: float, high_bpm: float) -> None:
        self._front, self._network = FrontEnd(), Network()
        self.set_range(low_bpm, high_bpm)

    def set_range(self, low_bpm: float, high_bpm: float) -> None:
        """Only tempi in low..high are looked for from now on; what was believed is forgotten."""
        self._space = BarSpace(low_bpm, high_bpm)
        self._settle_nothing()

    def relearn(self) -> None:
        """Forget everything heard."""
        self._network.reset()
        self._space.reset()
        self._settle_nothing()

    def _settle_nothing(self) -> None:
        self._pulse = SteadyPulse()
        self._trust = self._pulsing = 0.0
        self._rival: SteadyPulse | None = None
        self._rival_sure = 0.0  # how sure the belief was of it lately
        self._standing = 0.0  # beats for which the place was clearly seen
        self._place = 0  # beat of the bar at the pulse's last beat
        self._bar_known, self._bar_shift, self._bar_beats = False, 0, 0
        self._half_done = False
        self._count, self._bars = 0, BarFinder()  # beats since, in bars as the harmony has them

    def process(self, block: AudioBlock, features: Features | None = None) -> Reading:
        """What is believed at the end of the block, whose samples are (HOP, 2)."""
        seen = self._network.process(self._front.process(block.samples))
        reading = self.believe(block.time, seen)
        return reading if features is None else self._with_harmony(block, features, reading)

    def _with_harmony(self, block: AudioBlock, features: Features, reading: Reading) -> Reading:
        """Where harmony and snares say clearly which beat is the first, that holds."""
        count = self._count + self._pulse.phase(block.time)
        beat = Beat(block.time, max(0.0, count), reading.bpm, reading.confidence)
        self._count += self._bars.process(block, features, beat)
        if not self._bars.decided:
            return reading
        self._place, self._bar_known = self._count % BEATS, True
        return self._reading(block.time)

    def believe(self, time: float, seen: Seen) -> Reading:
        """The same from what the network took the hop that ends at `time` for."""
        heard = time - DELAY_SECONDS
        if self._pulse.step(heard, seen.beat + seen.down):
            self._place = (self._place + 1) % BEATS
            self._count += 1
            self._half_done = False
            gain = self._pulse.weakest if self._rival is None else -0.5
            self._standing = min(STANDING_MOST, max(0.0, self._standing + gain))
        if self._rival is not None:
            self._rival.step(heard, seen.beat + seen.down)
        self._space.step(seen, self._held(heard))
        share = HOP_SECONDS / PULSE_SECONDS
        self._pulsing += share * (seen.pulse - self._pulsing)
        self._settle(heard)
        return self._reading(time)

    def _held(self, heard: float) -> tuple[float, float] | None:
        """The place settled on, for the belief to return to."""
        if self._trust < SURE or self._standing < STANDING_LEAST:
            return None
        return 60.0 / self._pulse.period, (self._place + self._pulse.phase(heard)) % BEATS

    def _settle(self, heard: float) -> None:
        """Compare what is settled on with what is likeliest now."""
        low, high, mass = self._space.tempo()
        phase, focus, bpm = self._space.phase(low, high)
        sure = mass * focus**2
        same = _same(self._pulse, heard, phase, bpm)
        if same:
            self._rival = None
        elif sure >= SURE and self._loses(heard, phase, bpm, sure):
            self._trust, self._standing, self._rival = 0.0, 0.0, None
            self._bar_known, self._half_done = False, True
            self._bars.reset()
            same = True
        self._trust_towards(sure, same)
        if same and not self._half_done and 0.45 < phase < 0.7:
            self._half_done = True
            self._look_at_bar(self._space.bar(low, high))

    def _loses(self, heard: float, phase: float, bpm: float, sure: float) -> bool:
        """Follow what is likeliest now beside what is settled on, and let it take over in time."""
        last, period = heard - phase * 60.0 / bpm, 60.0 / bpm
        if self._trust < DOUBTED:
            self._pulse.set(last, period)
            return True
        rival = self._rival
        if rival is None or not _same(rival, heard, phase, bpm):
            self._rival, self._rival_sure = self._pulse.another(last, period), 0.0
            return False
        self._rival_sure += HOP_SECONDS * (sure - self._rival_sure)
        (beats, clear, more), standing, shown = self._terms(rival, heard)
        if rival.beats < beats + STANDING * standing or shown < max(
            clear, self._pulse.strength + more
        ):
            return False
        self._pulse = rival
        return True

    def _terms(self, rival: SteadyPulse, heard: float) -> tuple[tuple, float, float]:
        """What the rival must show (see MOVE), against what standing, and what it shows."""
        ratio = self._pulse.period / rival.period
        if abs(ratio - 1.0) < SAME_TEMPO:
            apart = (rival.phase(heard) - self._pulse.phase(heard) + 0.5) % 1.0 - 0.5
            return FLIP, self._standing if abs(apart) > HALF_BEAT else 0.0, rival.strength
        if any(abs(ratio / simple - 1.0) < near for simple, near in RATIOS.items()):
            if ratio > 1.0:
                return OCTAVE, self._standing, rival.weakest
            if self._pulse.weakest < HALF_SEEN:
                return HALF, 0.0, rival.strength
            return FLIP, self._standing, rival.strength
        if self._rival_sure >= FAINT_SURE and self._pulse.strength < FAINT_OWN:
            return FAINT_MOVE, 0.0, rival.strength
        beats, clear, more = MOVE  # what it showed before it was thought of counts as well
        shown = max(rival.strength, rival.past_strength)
        return (beats - rival.past, clear, more), 0.0, shown

    def _trust_towards(self, sure: float, same: bool) -> None:
        if not same:
            clearer = self._rival is not None and self._rival.strength > max(
                CLEAR, self._pulse.strength
            )
            goal, seconds = 0.0, DOUBT_SECONDS if clearer else BREAK_SECONDS
        elif self._pulse.strength > 0.3 or sure > self._trust:
            goal, seconds = sure, RISE_SECONDS if sure > self._trust else DOUBT_SECONDS
        else:
            goal, seconds = 0.0, BREAK_SECONDS
        self._trust += (goal - self._trust) * HOP_SECONDS / seconds

    def _look_at_bar(self, beats: np.ndarray) -> None:
        """In mid-beat: which beat of the bar this is taken for, against what is settled."""
        beats = beats / max(float(beats.sum()), 1e-9)
        best = int(beats.argmax())
        shift = (best - self._place) % BEATS
        if beats[best] < BAR_SURE or (shift == 0 and self._bar_known):
            self._bar_beats = 0
            return
        self._bar_beats = self._bar_beats + 1 if shift == self._bar_shift else 1
        self._bar_shift = shift
        if self._bar_beats >= BAR_BEATS:
            self._place, self._bar_known = best, True
            self._bar_beats = 0

    def _reading(self, time: float) -> Reading:
        beats = self._pulse.phase(time)
        sure = self._trust * min(1.0, self._pulsing / PULSE_ENOUGH)
        bar_beat = (self._place + int(np.floor(beats))) % BEATS if self._bar_known else None
        return Reading(time, 60.0 / self._pulse.period, beats % 1.0, bar_beat, sure)


def _same(pulse: SteadyPulse, heard: float, phase: float, bpm: float) -> bool:
    """Whether a pulse is at that phase and tempo, as near as matters."""
    error = (phase - pulse.phase(heard) + 0.5) % 1.0 - 0.5
    return abs(bpm * pulse.period / 60.0 - 1.0) < SAME_TEMPO and abs(error) < SAME_PHASE
