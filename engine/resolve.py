"""resolve(time, moment, show) -> FrameParams: the heart; pure and short.

A picture is a function of the newest hop's Moment and of show time. Nothing here remembers:
asking twice gives the same answer, at any frame rate, live or offline.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from engine.params import CLOCKS, KNOBS, PARAMS, SIGNALS, WEIGHT
from engine.records import (
    Beat,
    Controls,
    Effect,
    FrameParams,
    Moment,
    Pose,
    Prompt,
    Signals,
)
from engine.scenes import Shown, shown_at
from engine.show import EffectLine, Preset, Show, Value
from engine.signals import HearingSettings, clock_values, time_values
from engine.word_effects import word_effects

HEARING = tuple(name for name in PARAMS if name.startswith("hearing."))


def resolve(time: float, index: int, dt: float, moment: Moment, show: Show) -> FrameParams:
    """What to draw at `time` (seconds), knowing everything up to `moment`.

    `index` counts pictures, `dt` is the time since the last one. While frozen, the time of the
    moment stands still and so does the picture.
    """
    controls = moment.controls
    if controls.freeze:
        time = moment.time
    beat = moment.signals.beat
    names = names_at(time, moment)
    shown = shown_at(time, moment, show)
    before, after = shown.before, shown.after
    numbers = {name: _number(name, shown, names, controls) for name in PARAMS}
    drawn = after if shown.k >= 0.5 or before.source == after.source else before
    prompts = _prompts(shown, names, controls)
    return FrameParams(
        index=index,
        time=time,
        dt=dt,
        beat=names["beat"],
        bpm=beat.bpm,
        prompts=prompts,
        negative=after.negative,
        seed=int(_number("seed", replace(shown, k=1.0), names, controls)),  # a mix would flicker
        strength=numbers["strength"],
        guidance=numbers["guidance"],
        noise_drift=numbers["noise_drift"],
        source=drawn.source,
        source_amount=numbers["source.amount"] if drawn.source else 0.0,
        pose=moment.pose.moved(moment.velocity, time - moment.time),
        effects=_effects(after, prompts, names, controls),
        crossfade=numbers["crossfade"],
        opacity=numbers["opacity"],
        freeze=controls.freeze,
        blackout=controls.blackout,
        preset=after.name,
    )


def names_at(time: float, moment: Moment) -> dict[str, float]:
    """Every name an expression may use, with its value at `time`."""
    names = dict.fromkeys(KNOBS, 0.0)
    names.update(moment.signals.values)
    names.update(clock_values(moment.signals, time))
    names.update(time_values(moment.signals.beat, time))
    for knob in KNOBS:
        if knob in moment.controls.values:
            names[knob] = moment.controls.values[knob]
    return names


def velocity(time: float, moment: Moment, show: Show) -> Pose:
    """The motion a second at `time`, from the `motion.*` numbers of the look."""
    if moment.controls.freeze:
        return Pose()
    names, shown = names_at(time, moment), shown_at(time, moment, show)
    zoom, angle, x, y = (
        _number(f"motion.{key}", shown, names, moment.controls)
        for key in ("zoom", "angle", "x", "y")
    )
    return Pose(math.log(zoom), angle, x, y)


def hearing(time: float, moment: Moment, show: Show) -> HearingSettings:
    """How the look, or a hand, wants the next hop to be heard."""
    names, shown = names_at(time, moment), shown_at(time, moment, show)
    return HearingSettings.of(
        {name: _number(name, shown, names, moment.controls) for name in HEARING}
    )


def _number(
    name: str, shown: Shown, names: Mapping[str, float], controls: Controls
) -> float:
    """The hand's value if a hand has taken it over, else the look's."""
    if name in controls.values and not controls.hush:
        return PARAMS[name].clamp(controls.values[name])
    new = shown.after.numbers[name].at(names)
    if not shown.changing:
        return new
    return new * shown.k + shown.before.numbers[name].at(names) * (1.0 - shown.k)


def _prompts(
    shown: Shown, names: Mapping[str, float], controls: Controls
) -> tuple[Prompt, ...]:
    """The prompts of both looks, each look's weights made to sum to its share."""
    before, after = shown.before, shown.after
    shares = [(before, 1.0 - shown.k), (after, shown.k)] if shown.changing else [(after, 1.0)]
    prompts: list[Prompt] = []
    for look, share in shares:
        lines = [_prompt(look, n, names, controls) for n in range(len(look.prompts))]
        total = sum(weight for _, weight in lines) or 1.0
        prompts += [Prompt(text, share * w / total) for text, w in lines if share * w > 0.0]
    return tuple(prompts) or (Prompt(_styled(after, after.prompts[0].text), 1.0),)


def _prompt(
    look: Preset, n: int, names: Mapping[str, float], controls: Controls
) -> tuple[str, float]:
    line, key = look.prompts[n], f"prompts.{n + 1}"
    text = controls.texts.get(f"{key}.text", line.text)
    weight = controls.values.get(f"{key}.weight")
    return _styled(look, text), line.weight.at(names) if weight is None else WEIGHT.clamp(weight)


def _styled(look: Preset, text: str) -> str:
    return f"{text}, {look.style}" if look.style else text


def _effects(
    look: Preset, prompts: tuple[Prompt, ...], names: Mapping[str, float], controls: Controls
) -> tuple[Effect, ...]:
    """The look's own chain, then what words of the prompts switch on."""
    own = tuple(_effect(line, names, controls) for line in look.effects)
    taken = {} if controls.hush else controls.values
    return own + word_effects(prompts, {effect.shader for effect in own}, taken)


def _effect(line: EffectLine, names: Mapping[str, float], controls: Controls) -> Effect:
    inputs: list[tuple[str, float | tuple[float, ...]]] = []
    for name, value in line.inputs:
        if not isinstance(value, Value):
            inputs.append((name, value))
            continue
        taken = controls.values.get(f"effects.{line.shader}.{name}")
        number = value.at(names) if taken is None else value.param.clamp(taken)
        inputs.append((name, number))
    return Effect(line.shader, tuple(inputs))


def silent_moment(time: float = 0.0) -> Moment:
    """The moment before any sound was heard."""
    clocks = dict.fromkeys(CLOCKS, (0.0, 0.0))
    return Moment(time, Signals(time, dict.fromkeys(SIGNALS, 0.0), Beat(time), clocks))
