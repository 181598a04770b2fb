"""The mathematics of few-step sampling: latents and noise in, the clean latents predicted out.

All in the variance-preserving form x = a z + b n with a = sqrt(alphabar), b = sqrt(1 - alphabar).
Every scheduler we play is the same step there: from the model's output come the clean latents z
and the noise e in x, then

    x' = a' z + b' (r e + sqrt(1 - r^2) n),   n a fresh noise,

and only the share r of the old noise differs. Euler (its x/a is ours) and DDIM (2010.02502): 1.
LCM (2310.04378): 0, with boundary scalings. Euler ancestral: sigma'/sigma, sigma = b/a (its
sigma_up and sigma_down). TCD (2402.19159): b_s a' / (a_s b') at s = (1 - eta) t'. Runs inside
the generator's step, on the thread that owns the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import floor, sqrt
from typing import TYPE_CHECKING, Any

from engine.diffusion.guidance import Guidance, Seen

if TYPE_CHECKING:
    import torch

    from engine.diffusion.model import Model

KINDS = {
    "LCMScheduler": "lcm", "TCDScheduler": "tcd", "EulerAncestralDiscreteScheduler": "ancestral",
}
"""Step of a scheduler class; all others, Euler and DDIM first, step without fresh noise."""
ETA = 0.3
"""TCD's gamma, as its paper and its scheduler have it (diffusers' pipelines say 0 unless told)."""
LEAST_SKIP = 1e-6
"""LCM's boundary scaling below which it is nothing: with a scaling of 10 from t = 50 on."""

NO_GUIDANCE = Guidance()
Noise = Callable[[int], "torch.Tensor"]
"""The fresh noise for step 1, 2, ... of a picture; step 0 is the noise it begins with."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How a model steps: `kind` "euler" or a value of KINDS, and what its scheduler says.

    `grid` the number of timesteps that a consistency model was distilled on; `scaling` LCM's
    timestep_scaling; `to_one` whether the last step ends at the clean latents or at timestep 0.
    """

    kind: str = "euler"
    grid: int = 50
    scaling: float = 10.0
    to_one: bool = True


def schedule_of(config: Mapping[str, Any]) -> Schedule:
    """The Schedule of a scheduler_config.json."""
    name = config.get("_class_name", "")
    kind = KINDS.get(name, "euler")
    ends_early = name in ("DDIMScheduler", "PNDMScheduler")
    default = name != "PNDMScheduler"
    return Schedule(
        kind, int(config.get("original_inference_steps") or 50),
        float(config.get("timestep_scaling") or 10.0),
        kind != "tcd" and (not ends_early or bool(config.get("set_alpha_to_one", default))),
    )


def timesteps_of(strength: float, steps: int, length: int, schedule: Schedule) -> list[int]:
    """`steps` timesteps downwards from that of a strength 0..1; of `length` in the noise table.

    Evenly spaced ("trailing", 2305.08891), so that the first has all the noise that `strength`
    asks for; LCM and TCD go down their own grid. Where strength is a whole share of the table
    they are those of diffusers. Repeated ones and 0 are left out: there is nothing to do.
    """
    strength = max(0.0, min(1.0, strength))
    first = int(strength * (length - 1))
    if schedule.kind in ("lcm", "tcd"):
        cells = strength * schedule.grid
        found = [first - floor(k * cells / steps + 1e-9) * (length // schedule.grid)
                 for k in range(steps)]
    else:
        rest = [int(strength * (steps - k) / steps * (length - 1)) for k in range(1, steps)]
        found = [first, *rest]
    return [t for n, t in enumerate(found) if t > 0 and t not in found[:n]]


@dataclass(slots=True)
class Slot:
    """One picture on its way down: noisy latents `x` before step `k` of its `timesteps`.

    All that is its own is settled when it begins: where it comes from (`clean`), its timesteps, the
    noises of its steps, and `root`, from which residual guidance pulls away. `result` are the clean
    latents once it is finished. `about` is the caller's.
    """

    x: torch.Tensor
    noises: tuple[torch.Tensor, ...]
    timesteps: tuple[int, ...]
    root: torch.Tensor
    about: Any = None
    k: int = 0
    result: torch.Tensor | None = None


def begun(
    model: Model, clean: torch.Tensor, noise: Noise, timesteps: list[int], about: Any = None
) -> Slot:
    """Clean latents (1, c, rows, columns), noised to timesteps[0]; there is at least one."""
    a, b = coefficients(model, timesteps[0])
    first = noise(0)
    steps = range(1, len(timesteps)) if model.schedule.kind != "euler" else ()
    noises = (first, *(noise(k) for k in steps))
    return Slot(a * clean + b * first, noises, tuple(timesteps), clean, about)


def advance(
    model: Model, slots: Sequence[Slot], positive: torch.Tensor,
    negative: torch.Tensor | None = None, guidance: Guidance = NO_GUIDANCE,
) -> None:
    """One step down for each of the slots, all in one call of the UNet.

    Text states (1, tokens, width), `negative` where guidance asks for it.
    """
    asking = [slot for slot in slots if negative is not None and guidance.asks(slot.k)]
    seen = _seen(model, [*asking, *slots], [negative] * len(asking) + [positive] * len(slots))
    against = dict(zip(map(id, asking), seen, strict=False))
    for slot, pair in zip(slots, seen[len(asking) :], strict=True):
        _step(model, slot, pair, against.get(id(slot)), guidance)


def sample(
    model: Model, clean: torch.Tensor, noise: Noise, timesteps: list[int],
    positive: torch.Tensor, negative: torch.Tensor | None = None, guidance: float | Guidance = 1.0,
) -> torch.Tensor:
    """Img2img: clean latents, noised to timesteps[0], and stepped down to clean ones again."""
    how = guidance if isinstance(guidance, Guidance) else Guidance(guidance)
    return finish(model, begun(model, clean, noise, timesteps), positive, negative, how)


def finish(
    model: Model, slot: Slot, positive: torch.Tensor,
    negative: torch.Tensor | None = None, guidance: Guidance = NO_GUIDANCE,
) -> torch.Tensor:
    """All steps of one picture; its clean latents."""
    while slot.result is None:
        advance(model, (slot,), positive, negative, guidance)
    return slot.result


def _step(model: Model, slot: Slot, seen: Seen, against: Seen | None, how: Guidance) -> None:
    """Guidance, and the slot one step further down or finished."""
    t, last = slot.timesteps[slot.k], len(slot.timesteps) - 1
    a, b = coefficients(model, t)
    z, e = how.guided(slot.x, a, b, seen, against, slot.root)
    if against is not None:
        slot.root = against[0]
    z = _bounded(model.schedule, z, slot.x, t)
    slot.k += 1
    if slot.k <= last:
        slot.x = _down(model, z, e, t, slot.timesteps[slot.k], slot.noises, slot.k)
    elif model.schedule.to_one:
        slot.result = z
    else:
        a, b = coefficients(model, 0)
        slot.result = a * z + b * e


def _down(
    model: Model, z: torch.Tensor, e: torch.Tensor, t: int, to: int,
    noises: Sequence[torch.Tensor], step: int,
) -> torch.Tensor:
    a, b = coefficients(model, to)
    r = _kept(model, t, to)
    if r == 1.0:
        return a * z + b * e
    return a * z + b * (r * e + sqrt(1.0 - r * r) * noises[step])


def _kept(model: Model, t: int, to: int) -> float:
    """The share of the old noise that goes on from t to `to`."""
    a, b = coefficients(model, to)
    if model.schedule.kind == "lcm":
        return 0.0
    if model.schedule.kind == "tcd":
        a_s, b_s = coefficients(model, floor((1 - ETA) * to))
        return min(1.0, b_s * a / (a_s * b))
    if model.schedule.kind == "ancestral":
        a_t, b_t = coefficients(model, t)
        return b / a * a_t / b_t
    return 1.0


def coefficients(model: Model, t: int) -> tuple[float, float]:
    """a and b at timestep t; a is kept off 0."""
    alphabar = float(model.alphas_cumprod[t])
    return max(alphabar, 1e-8) ** 0.5, (1 - alphabar) ** 0.5


def _seen(model: Model, slots: Sequence[Slot], states: Sequence[torch.Tensor]) -> list[Seen]:
    """The clean latents z and the noise e that the model sees in each slot under its states.

    z is (x - b out) / a, a x - b out or out itself, by the model's prediction type.
    """
    import torch

    times = [slot.timesteps[slot.k] for slot in slots]
    if len(slots) == 1:
        outs = model.runtime.unet(slots[0].x, times[0], states[0])
    else:
        x, rows = torch.cat([slot.x for slot in slots]), torch.cat(tuple(states))
        equal = len(set(times)) == 1
        t = times[0] if equal else torch.tensor(times, dtype=torch.float32).to(x.device)
        outs = model.runtime.unet(x, t, rows)
    return [_parts(model, slot.x, t, outs[n : n + 1])
            for n, (slot, t) in enumerate(zip(slots, times, strict=True))]


def _parts(model: Model, x: torch.Tensor, t: int, out: torch.Tensor) -> Seen:
    a, b = coefficients(model, t)
    if model.prediction_type == "epsilon":
        return (x - b * out) / a, out
    if model.prediction_type == "v_prediction":
        return a * x - b * out, a * out + b * x
    return out, (x - a * out) / b


def _bounded(schedule: Schedule, z: torch.Tensor, x: torch.Tensor, t: int) -> torch.Tensor:
    """LCM's boundary condition: c_skip x + c_out z, with sigma_data = 0.5."""
    if schedule.kind != "lcm":
        return z
    scaled = (t * schedule.scaling) ** 2
    skip = 0.25 / (scaled + 0.25)
    return z if skip < LEAST_SKIP else skip * x + sqrt(scaled / (scaled + 0.25)) * z
