"""The records that cross between rooms: frozen, slotted, plain values.

Sound flows AudioBlock > Features > Beat > Signals at the hop rate; hands flow ControlEvent >
Controls; both meet in `resolve`, which makes one FrameParams for a moment in show time. The
generator turns FrameParams into a Frame, which carries its params, so that delay is measured.

All times are seconds on the show clock. "Frame" always means a picture.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType

import numpy as np

SAMPLERATE = 48_000
"""Samples a second inside the engine; every source is resampled to it."""
HOP = 512
"""Samples of one analysis step; the hop rate is SAMPLERATE / HOP = 93.75 Hz."""
HOP_SECONDS = HOP / SAMPLERATE
SOUND_SAMPLES = 2048
"""How much of the newest sound shaders may see, 43 ms."""


def _nothing() -> Mapping:
    """An empty mapping that cannot be written to."""
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class AudioBlock:
    """One hop of sound: `samples` float32 (HOP, 2) in -1..1; `index` of its first sample."""

    index: int
    samples: np.ndarray

    @property
    def time(self) -> float:
        """Show time of the END of the block: the moment at which it is known."""
        return (self.index + len(self.samples)) / SAMPLERATE


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """The newest sound for shaders that draw it: `samples` float32 (SOUND_SAMPLES, 2), newest last.

    It stays in its process: pickled, it is silence, so that params stay small on their way.
    """

    samples: np.ndarray

    def __reduce__(self) -> tuple:
        return _silence, ()


SILENCE = Sound(np.zeros((SOUND_SAMPLES, 2), np.float32))
"""The Sound before there is any."""


def _silence() -> Sound:
    return SILENCE


@dataclass(frozen=True, slots=True)
class Features:
    """What one hop sounds like; all values before automatic gain.

    `rms` 0..1; `bands` RMS amplitude of bass, mid, midhigh and high; `onsets` half-wave rectified
    log flux in the kick, snare and hat bands, `flux` the same of all, bass, mid, midhigh and high;
    `centroid_hz` spectral centroid; `flatness` 0 (tone) .. 1 (noise); `drums` how sure (0..1) a
    kick, snare and hat begin; `harmonic` and `percussive` RMS amplitudes of what sustains and what
    strikes; `chroma` power of the pitch classes from C.
    """

    time: float
    rms: float
    peak: float
    bands: tuple[float, float, float, float]
    onsets: tuple[float, float, float]
    centroid_hz: float
    flatness: float
    flux: tuple[float, float, float, float, float] = (0.0,) * 5
    drums: tuple[float, float, float] = (0.0,) * 3
    harmonic: float = 0.0
    percussive: float = 0.0
    chroma: tuple[float, ...] = (0.0,) * 12


@dataclass(frozen=True, slots=True)
class Beat:
    """Musical time at `time`: `beat` counts up and never jumps back; whole numbers are beats.

    `bar` and `phrase` follow from the count: 4 beats a bar, 16 beats a phrase.
    """

    time: float = 0.0
    beat: float = 0.0
    bpm: float = 120.0
    confidence: float = 0.0
    source: str = "flywheel"

    def at(self, time: float) -> float:
        """The beat count at another time, carried on at the present tempo."""
        return max(0.0, self.beat + (time - self.time) * self.bpm / 60.0)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a tempo source says of the music at `time`: tempo, place in the beat and in the bar.

    `phase` 0..1 within the beat; `bar_beat` 0..3 is the beat of the bar that is sounding, None
    where the source cannot tell; `confidence` 0..1, below 0.3 where there is nothing to follow.
    """

    time: float
    bpm: float
    phase: float
    bar_beat: int | None = None
    confidence: float = 1.0
    source: str = "audio"


@dataclass(frozen=True, slots=True)
class Signals:
    """The named values 0..1 of one hop, and its Beat.

    `clocks` are values that run on between hops: name to (value at `time`, growth a second).
    """

    time: float = 0.0
    values: Mapping[str, float] = field(default_factory=_nothing)
    beat: Beat = Beat()
    clocks: Mapping[str, tuple[float, float]] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True)
class ControlEvent:
    """A hand moved something: `address` as in params.py (`strength`, `motion.zoom`, `knob1`)."""

    time: float
    address: str
    value: float | str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Controls:
    """What the hands have set so far.

    `values` holds knobs and every parameter taken over by hand; `texts` prompts typed over OSC.
    """

    values: Mapping[str, float] = field(default_factory=_nothing)
    texts: Mapping[str, str] = field(default_factory=_nothing)
    freeze: bool = False
    blackout: bool = False
    hush: bool = False
    flash_limit: bool = True
    record: bool = False
    take: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One change of look, from preset `before` to `after` (from 0), begun at the count `beat`.

    It lasts `beats`, bent by `curve` (curves.CURVES); `kind` is one of params.TRANSITIONS or the
    name of a transition shader. `done` 0..1 is how far it had come when it began: one that goes
    back has some of its way behind it.
    """

    before: int = 0
    after: int = 0
    beat: float = 0.0
    beats: float = 0.0
    curve: str = "ease"
    kind: str = "crossfade"
    done: float = 0.0


@dataclass(frozen=True, slots=True)
class Playing:
    """What of the set is played: the `change` that began last, and the one that is `queued`, which
    takes over at its own beat.

    While `autopilot` is on, presets change by themselves, unless `locked`. `decks` A and B hold
    presets laid out by hand (from 0) or None; while one does, `crossfader` 0..1 goes from A to B,
    and an empty deck is what plays.
    """

    change: Change = Change()
    queued: Change | None = None
    autopilot: bool = True
    locked: bool = False
    decks: tuple[int | None, int | None] = (None, None)
    crossfader: float = 0.0


@dataclass(frozen=True, slots=True)
class Pose:
    """How far the camera has travelled since the show began; only differences are drawn.

    Each number is a sum of rates times seconds, so poses are subtracted and added number by
    number. A difference (`since`) is drawn as one map of old places to new ones, in this order,
    each about the middle of the picture: sway, ripple, bulge, swirl, tilt, turn and zoom, and a
    shift at last. Each part by itself is additive: drawn twice it is drawn once with both sums
    (ripple nearly, for it is small). Together they are so to first order only, which is why the
    differences of single pictures are drawn and never a whole journey. motion.py has the maps.

    `log_zoom` natural logarithm of magnification; `angle` degrees (positive turns the picture
    counter-clockwise); `x` and `y` picture widths and heights (positive moves the picture right
    and up); `tilt_x` and `tilt_y` degrees (positive leans the top, the right side away); `swirl`
    degrees by which the middle is turned more than the corners; `bulge` natural logarithm by which
    the middle is magnified more; `ripple_cos` and `ripple_sin` picture heights: how far rings push
    outwards, as the two parts of a wave, so that rings may travel; `sway_x_cos` to `sway_y_sin`
    the same of a wave that pushes sideways and of one that pushes up and down.
    """

    log_zoom: float = 0.0
    angle: float = 0.0
    x: float = 0.0
    y: float = 0.0
    tilt_x: float = 0.0
    tilt_y: float = 0.0
    swirl: float = 0.0
    bulge: float = 0.0
    ripple_cos: float = 0.0
    ripple_sin: float = 0.0
    sway_x_cos: float = 0.0
    sway_x_sin: float = 0.0
    sway_y_cos: float = 0.0
    sway_y_sin: float = 0.0

    @property
    def parts(self) -> tuple[float, ...]:
        """All numbers in order: `Pose(*pose.parts)` is the same, and so is one with fewer."""
        return _POSE_PARTS(self)

    @property
    def bends(self) -> bool:
        """Whether more than zoom, turn and shift is in it: straight lines or sizes change."""
        return any(_POSE_PARTS(self)[4:])

    def since(self, earlier: Pose) -> Pose:
        """The motion from an earlier pose to this one."""
        return Pose(*map(operator.sub, _POSE_PARTS(self), _POSE_PARTS(earlier)))

    def and_then(self, motion: Pose) -> Pose:
        """The pose after a further motion."""
        return Pose(*map(operator.add, _POSE_PARTS(self), _POSE_PARTS(motion)))

    def moved(self, velocity: Pose, seconds: float) -> Pose:
        """Where the camera is `seconds` later at a steady velocity."""
        ways = zip(_POSE_PARTS(self), _POSE_PARTS(velocity), strict=True)
        return Pose(*[part + rate * seconds for part, rate in ways])


_POSE_PARTS = operator.attrgetter(*(part.name for part in fields(Pose)))


@dataclass(frozen=True, slots=True)
class Moment:
    """Everything remembered at the end of one hop; a picture is a function of it and of time.

    `velocity` is the motion a second (log_zoom a second, degrees a second and so on), so that the
    pose at a time near `time` is known without asking anyone. `registers` are what expressions
    remember: values by their texts, for each look by its name. `dark` is how far a blackout that
    fades has come at the newest hop, 0..1, and its growth a second; None where it is at once.
    """

    time: float = 0.0
    signals: Signals = Signals()
    controls: Controls = Controls()
    pose: Pose = Pose()
    velocity: Pose = Pose()
    playing: Playing = Playing()
    registers: Mapping[str, Mapping[str, float]] = field(default_factory=_nothing)
    sound: Sound = field(default=SILENCE, compare=False, repr=False)
    dark: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """One weighted prompt, style already added, with its signs of emphasis.

    Weights need not sum to one. `seed` is whose noise its share is drawn from, None the frame's.
    """

    text: str
    weight: float
    seed: float | None = None


@dataclass(frozen=True, slots=True)
class Lora:
    """A LoRA file and how strongly it changes the model; weight 0 only has it ready."""

    file: str
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Effect:
    """One shader of the chain with its inputs resolved to numbers (vectors as tuples)."""

    shader: str
    inputs: tuple[tuple[str, float | tuple[float, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of the picture, put over those below it.

    `kind` is one of params.LAYER_KINDS; `name` is the shader's name, the file's path, the camera's
    name or the words of a text ("" for the generated picture). `opacity` 0..1, `blend` one of
    params.BLENDS. `inputs` are a shader's, or numbers of params.LAYER_PARAMS (place and
    size of a text, position of a video ...); `effects` is the layer's own chain. One with a `mask`
    of params.LAYER_MASKS is not drawn: its light is where that neighbour is seen. `shown` is
    False while it is bypassed, or others are solo.
    """

    kind: str
    name: str = ""
    opacity: float = 1.0
    blend: str = "normal"
    inputs: tuple[tuple[str, float | tuple[float, ...]], ...] = ()
    effects: tuple[Effect, ...] = ()
    mask: str = ""
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Leaving:
    """The look that is being left: its layers and chain are drawn beside the new look's.

    `k` 0..1 is how far the change has come; `shader` is the transition that joins the two
    pictures, "" a plain mix. `preset` names the look, so that its feedback goes on.
    """

    layers: tuple[Layer, ...]
    effects: tuple[Effect, ...]
    k: float
    shader: str = ""
    preset: str = ""


@dataclass(frozen=True, slots=True)
class FrameParams:
    """Everything needed to make and draw one picture. Equal inputs give equal params.

    `strength` 0..1 is the share of noise that img2img adds and takes out in `steps` (0: as many
    as the model wants); `source`
    names the drawn pattern mixed in by `source_amount` before encoding ("" for none), or
    `source_layer` is what is drawn in its place, at the generator's size, in its own colours by
    `source_colours`; params.FRESH stands for noise alone by that amount. `contours` is
    0..1 how sharp the contours of a softly painted picture are drawn; `crossfade` seconds between
    two generated frames, in which shapes travel by `flow` 0..1; `cadence` seconds at least from
    one to the next; `edges` one of params.EDGES; `opacity` the master fader. `beat` is the beat
    count at `time`. A fraction of `seed` is the way to the next seed's noise.

    Drawn are `layers` from below (none: the generated picture alone), then `effects`; beside them
    those of the look being `leaving`, joined by its transition; then `over`, what words switch on.
    `guidance_kind` is one of params.GUIDANCES; `overlap` takes steps of several pictures at once;
    `colour_hold` 0..1 keeps the look's colours; `model` is the look's own, "" the usual one.
    `sound` is for shaders that draw it; `flash_limit` keeps flashes to three a second.
    """

    index: int
    time: float
    dt: float
    beat: float = 0.0
    bpm: float = 120.0
    prompts: tuple[Prompt, ...] = ()
    loras: tuple[Lora, ...] = ()
    negative: str = ""
    seed: float = 0
    strength: float = 0.5
    guidance: float = 1.0
    noise_drift: float = 0.0
    source: str = ""
    source_amount: float = 0.0
    pose: Pose = Pose()
    layers: tuple[Layer, ...] = ()
    effects: tuple[Effect, ...] = ()
    leaving: Leaving | None = None
    over: tuple[Effect, ...] = ()
    crossfade: float = 0.1
    contours: float = 0.0
    opacity: float = 1.0
    freeze: bool = False
    blackout: bool = False
    preset: str = ""
    steps: int = 1
    sound: Sound = field(default=SILENCE, compare=False, repr=False)
    flash_limit: bool = True
    source_layer: Layer | None = None
    edges: str = "mirror"
    flow: float = 0.0
    cadence: float = 0.0
    source_colours: float = 1.0
    guidance_kind: str = "full"
    guidance_delta: float = 1.0
    overlap: bool = False
    colour_hold: float = 0.0
    model: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """A generated picture: `picture` uint8 (height, width, 3) RGB, top row first.

    `params` made it; `ready` is the show time at which it was finished; `number` counts up from
    1 over the whole show, restarts of the generator included. `soft` 0..1 is how softly its model
    paints: contours are drawn sharp by so much of what the look wants.
    """

    number: int
    picture: np.ndarray
    params: FrameParams
    ready: float
    seconds: float = 0.0
    soft: float = 0.0
