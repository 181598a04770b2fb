"""resolve(time, moment, show) -> FrameParams: the heart; pure and short.

A picture is a function of the newest hop's Moment and of show time. Nothing here remembers:
asking twice gives the same answer, at any frame rate, live or offline. seen.py says what one look
is at a moment; here one look, or the one being left and the one that comes, become a frame.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from types import MappingProxyType

from engine.cues import NO_CUES, Cues, cued, move_knobs
from engine.dimmer import darkness
from engine.motion import velocity_of
from engine.params import BASE, CLOCKS, KNOBS, PARAMS, SIGNALS
from engine.records import (
    Beat,
    Controls,
    FrameParams,
    Leaving,
    Lora,
    Moment,
    Pose,
    Prompt,
    Signals,
)
from engine.registers import Registers
from engine.scenes import Shown, shown_at
from engine.seen import Seen, look_names
from engine.show import Preset, Show
from engine.signals import HearingSettings, clock_values, time_values
from engine.word_effects import word_effects

HEARING = tuple(name for name in PARAMS if name.startswith("hearing."))
_NOTHING: MappingProxyType = MappingProxyType({})


def resolve(time: float, index: int, dt: float, moment: Moment, show: Show) -> FrameParams:
    """What to draw at `time` (seconds), knowing everything up to `moment`.

    `index` counts pictures, `dt` is the time since the last one. While frozen, the time of the
    moment stands still and so does the picture.
    """
    controls = moment.controls
    if controls.freeze:
        time = moment.time
    shown = shown_at(time, moment, show)
    looks = looks_at(time, moment, shown, show)
    before, after = looks[0], looks[-1]
    drawn = before if shown.k < 0.5 else after
    structured = after if _redrawn(before) == _redrawn(after) else drawn
    if shown.morph:
        before = after = drawn
    prompts = _prompts(looks)
    effects = after.effects()
    dark = darkness(moment.dark, controls.blackout, time - moment.time)
    return FrameParams(
        index=index,
        time=time,
        dt=dt,
        beat=after.names["beat"],
        bpm=moment.signals.beat.bpm,
        prompts=tuple(prompt for group in prompts for prompt in group) or (looks[-1].fallback(),),
        loras=_loras(looks, show, drawn.look.model),
        negative=looks[-1].negative,
        seed=looks[-1].number("seed"),
        strength=number_of("strength", looks),
        guidance=number_of("guidance", looks),
        guidance_kind=looks[-1].look.guidance_kind,
        guidance_delta=number_of("guidance_delta", looks),
        overlap=number_of("overlap", looks) >= 0.5,
        colour_hold=number_of("colour_hold", looks),
        model=drawn.look.model,
        steps=round(number_of("steps", looks)),
        noise_drift=number_of("noise_drift", looks),
        source=structured.look.source,
        source_amount=number_of("source.amount", looks) if any(_redrawn(structured)) else 0.0,
        source_layer=structured.source(),
        source_colours=number_of("source.colours", looks),
        pose=moment.pose.moved(moment.velocity, time - moment.time),
        layers=after.layers(),
        effects=effects,
        leaving=None if before is after else Leaving(
            before.layers(), before.effects(), shown.k, shown.shader, before.look.name
        ),
        over=word_effects(
            [(group, seen.shaders) for group, seen in zip(prompts, looks, strict=True)],
            after.hands.values,
        ),
        crossfade=number_of("crossfade", looks),
        flow=number_of("flow", looks),
        cadence=number_of("cadence", looks),
        edges=drawn.look.edges,
        contours=number_of("contours", looks),
        opacity=number_of("opacity", looks) * (1.0 - dark if moment.dark else 1.0),
        freeze=controls.freeze,
        blackout=controls.blackout and dark >= 1.0,
        preset=after.look.name,
        sound=moment.sound,
        flash_limit=controls.flash_limit,
    )


def _redrawn(seen: Seen) -> tuple[str, ...]:
    """What a look mixes into what the model redraws: a pattern, or what a layer shows."""
    line = seen.look.source_layer
    return (seen.look.source,) if line is None else (line.kind, line.name)


def names_at(time: float, moment: Moment, stems: Collection[str] = ()) -> dict[str, float]:
    """Every name an expression may use, with its value at `time`; `stems` are those of stems."""
    names = dict.fromkeys((*KNOBS, BASE), 0.0)
    names.update(dict.fromkeys(stems, 0.0))
    names.update(moment.signals.values)
    names.update(clock_values(moment.signals, time))
    names.update(time_values(moment.signals.beat, time))
    for knob in KNOBS:
        if knob in moment.controls.values:
            names[knob] = moment.controls.values[knob]
    return names


def stepped(moment: Moment, dt: float, registers: Registers, show: Show) -> Moment:
    """The moment with what expressions remember, `dt` seconds after what it still has of them, and
    with the motion a second that follows."""
    time, hands = moment.time, moment.controls
    names = _known(time, moment, show, show.cues, hands)

    def own(look: Preset) -> dict[str, float]:
        return look_names(look, names, hands.values, moment.registers)

    moment = replace(moment, registers=registers.step(time, dt, show, own))
    return replace(moment, velocity=velocity(time, moment, show, names))


def _known(
    time: float, moment: Moment, show: Show, cues: Cues, hands: Controls
) -> dict[str, float]:
    """The names at `time`, knobs where cues move them."""
    names = names_at(time, moment, show.stem_names)
    move_knobs(cues, time, moment.signals.beat, names, hands.values)
    return names


def velocity(
    time: float, moment: Moment, show: Show, names: dict[str, float] | None = None
) -> Pose:
    """The motion a second at `time`, from the `motion.*` numbers of the look.

    `names` are those at that time, where somebody has them already.
    """
    if moment.controls.freeze:
        return Pose()
    looks = looks_at(time, moment, shown_at(time, moment, show), show, names)
    return velocity_of(lambda name: number_of(name, looks), moment.signals.beat.at(time))


def hearing(time: float, moment: Moment, show: Show) -> HearingSettings:
    """How the look, or a hand, wants the next hop to be heard."""
    looks = looks_at(time, moment, shown_at(time, moment, show), show)
    return HearingSettings.of({name: number_of(name, looks) for name in HEARING})


def looks_at(
    time: float, moment: Moment, shown: Shown, show: Show, names: dict[str, float] | None = None
) -> tuple[Seen, ...]:
    """The look that is shown, behind the one that it takes over from while that is still seen."""
    hands, cues = moment.controls, show.cues
    if hands.hush:  # the safe look is as it was written, but for the knobs
        hands, cues, names = replace(hands, values=_NOTHING, texts=_NOTHING), NO_CUES, None
    shares = ((shown.before, 1.0 - shown.k), (shown.after, shown.k))
    names = names or _known(time, moment, show, cues, hands)
    beat = moment.signals.beat
    looks = []
    for look, share in shares if shown.changing else ((shown.after, 1.0),):
        own = look_names(look, names, hands.values, moment.registers)
        said = cued(cues, time, beat, own, hands.values)
        heard = replace(hands, texts={**said.texts, **hands.texts}) if said.texts else hands
        looks.append(Seen(look, share, own, heard, said))
    return tuple(looks)


def number_of(name: str, looks: Sequence[Seen]) -> float:
    """The hand's value if a hand has taken it over, else the mix of the looks'."""
    taken = looks[0].hands.values.get(name)
    if taken is not None and not any(seen.look.numbers[name].based for seen in looks):
        return PARAMS[name].clamp(taken)
    if len(looks) == 1:
        return looks[0].number(name)
    return sum(seen.share * seen.number(name) for seen in looks)


def _prompts(looks: Sequence[Seen]) -> list[list[Prompt]]:
    """Those of each look; those of one being left keep its noise, which goes with them."""
    seeds = [seen.number("seed") for seen in looks]
    own = [None if seed == seeds[-1] else seed for seed in seeds]
    return [seen.prompts(seed) for seen, seed in zip(looks, own, strict=True)]


def _loras(looks: Sequence[Seen], show: Show, model: str) -> tuple[Lora, ...]:
    """Those of all looks of a model, so that they are ready; weights are those of what is seen."""
    every = [str(line.path) for look in (*show.presets, show.hush) if look.model == model
             for line in look.loras]
    if not every:
        return ()
    weights = dict.fromkeys(every, 0.0)
    for seen in looks:
        for file, weight in seen.loras() if seen.look.model == model else ():
            weights[file] = weights.get(file, 0.0) + seen.share * weight
    return tuple(Lora(file, weight) for file, weight in weights.items())


def silent_moment(time: float = 0.0) -> Moment:
    """The moment before any sound was heard."""
    clocks = dict.fromkeys(CLOCKS, (0.0, 0.0))
    return Moment(time, Signals(time, dict.fromkeys(SIGNALS, 0.0), Beat(time), clocks))
