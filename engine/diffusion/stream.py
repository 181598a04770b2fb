"""Few-step img2img on the last picture, moved on by the camera: the picture stream itself.

FrameParams flow in one after the other, uint8 pictures flow out; it runs on the one thread that
owns the model (the generator process, or the caller's for films). A step is: warp the last
picture, mix in the source, encode, add noise at the timestep of `strength`, `steps` UNet
calls down to the clean latent, decode, regulate; or, overlapped, one call for the steps of several
pictures. Equal parameters in equal order give equal pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch

from engine.clock import monotonic
from engine.diffusion.colour_match import ColourHold
from engine.diffusion.guidance import Guidance
from engine.diffusion.lora import LoraDeck
from engine.diffusion.manner import position_amplitude
from engine.diffusion.model import Model
from engine.diffusion.model_files import usual_steps
from engine.diffusion.noise import TravellingNoise, seed_shares, telling
from engine.diffusion.prompts import PromptBank
from engine.diffusion.regulate import Regulator
from engine.diffusion.runtimes import Runtime
from engine.diffusion.sampling import Noise, Slot, begun, finish, timesteps_of
from engine.diffusion.sources import Sources, freshness
from engine.diffusion.stream_batch import Flight
from engine.diffusion.transfers import to_device, to_host
from engine.diffusion.warp import Warper, sharpen
from engine.motion import limited
from engine.records import FrameParams, Pose, Prompt

NOISE_SHARE = 0.85
"""Share of the full noise that fed-back pictures get: with all of it, its blobs drown shapes."""


@dataclass(slots=True)
class State:
    """What the next step needs of the last one; `picture` (1, 3, h, w) in 0..1."""

    picture: torch.Tensor
    pose: Pose
    time: float


class Img2ImgStream:
    """A stream of pictures of one size from one model.

    `size` is (width, height) in pixels, multiples of the model's latent cell. `seed` is added
    to all seeds of the params. `background` encodes new prompts in a worker thread. `broken`
    counts pictures that were not numbers and were replaced by the last good one. `tell` gets
    one line for each LoRA that cannot be played; without it that is a ModelError.
    """

    def __init__(
        self, model: Model, size: tuple[int, int], seed: int = 0, background: bool = False,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        rows, columns = model.latent_size(size)
        self.size = size
        self.broken = 0
        self._model = model
        self._seed = seed
        self._loras = LoraDeck(model, background, tell)
        self._prompts = PromptBank(model, background, changes=self._loras)
        shape = (1, model.latent_channels, rows, columns)
        told = position_amplitude(model.folder)
        self._noise = TravellingNoise(shape, model.device, model.dtype, told)
        self._sources = Sources(size, model.device)
        self._regulator = Regulator()
        self._warp = Warper()
        self._colours = ColourHold()
        self._flight = Flight()
        self.overlaps = True
        """Whether params.overlap is heeded: a film takes its time."""
        self._steps = usual_steps(model.name)
        self._state: State | None = None
        self._at: tuple[Pose, float] | None = None  # the camera and the time of the last step
        self._opposed = False
        self.made: FrameParams | None = None
        """The params of the picture that the last step gave."""
        self.stages_ms: dict[str, float] = {}

    @property
    def runtime(self) -> str:
        """The name of the runtime that draws."""
        return self._model.runtime.name

    def use(self, runtime: Runtime) -> None:
        """Draw with another runtime of the same model from the next picture on."""
        self._model = replace(self._model, runtime=runtime)

    @property
    def noise_phase(self) -> float:
        """How many noises have passed, for `resume`."""
        return self._noise.phase

    def resume(self, picture: np.ndarray, params: FrameParams, noise_phase: float = 0.0) -> None:
        """Go on from a picture uint8 (h, w, 3) that another stream of this size has made."""
        self._state = State(self._tensor(picture), params.pose, params.time)
        self._at, self.made = (params.pose, params.time), params
        self._flight.clear()
        self._noise.phase = noise_phase

    def checkpoint(self) -> dict[str, np.ndarray]:
        """All that the next picture depends on, as named arrays; empty before the first."""
        state = self._state
        if state is None:
            return {}
        poses = (state.pose, *self._noise.travelled)
        kept = {
            "picture": state.picture.float().cpu().numpy(),
            "poses": np.array([pose.parts for pose in poses]),
            "clock": np.array((state.time, self._noise.phase)),
            "steer": np.array(list(self._regulator.steer.values())),
        }
        kept |= self._colours.kept()
        if self._sources.palette is not None:
            kept["palette"] = self._sources.palette.cpu().numpy()
        return kept

    def restore(self, kept: dict[str, np.ndarray]) -> None:
        """Go on exactly where `checkpoint` of an equal stream was taken."""
        if not kept:
            return
        device, dtype = self._model.device, self._model.dtype
        picture = torch.from_numpy(kept["picture"]).to(device, dtype)
        pose, *travelled = (Pose(*row) for row in kept["poses"].tolist())
        time, self._noise.phase = kept["clock"].tolist()
        self._state, self._at = State(picture, pose, time), (pose, time)
        self._flight.clear()
        self._colours.restore(kept)
        self._noise.travelled = tuple(travelled)
        steer = kept["steer"].tolist()
        self._regulator.steer = dict(zip(self._regulator.steer, steer, strict=True))
        if "palette" in kept:
            self._sources.palette = torch.from_numpy(kept["palette"]).to(device)

    def look_at(self, picture: np.ndarray) -> None:
        """What `source_layer` shows from now on: uint8 (h, w, 3) of this stream's size."""
        self._sources.seen = self._tensor(picture)

    def _tensor(self, picture: np.ndarray) -> torch.Tensor:
        """(1, 3, h, w) in 0..1 on the model's device."""
        tensor = to_device(picture, self._model.device)
        return (tensor.permute(2, 0, 1)[None].to(self._model.dtype) / 255).contiguous()

    def close(self) -> None:
        self._prompts.close()
        self._loras.close()

    @torch.inference_mode()
    def step(self, params: FrameParams) -> np.ndarray:
        """The next picture, uint8 (h, w, 3) RGB, a new array; `made` says what for."""
        state = self._state
        if state is not None and params.freeze:
            state.pose, state.time = params.pose, params.time
            self._at, self.made = (params.pose, params.time), params
            return to_bytes(state.picture)
        dt = max(0.0, params.time - self._at[1]) if self._at else 0.0
        self._loras.set(params.loras)
        drawn = self._drawn(state, params, dt)
        self._at = params.pose, params.time
        if drawn is None:
            return to_bytes(state.picture)
        picture, self.made = drawn
        if not bool(torch.isfinite(picture).all()):
            self.broken += 1
            picture = state.picture if state else torch.full_like(picture, 0.5)
        picture = self._colours.hold(picture, self.made, dt)
        picture = self._regulator.correct(picture, dt)
        self._state = State(picture, self.made.pose, self.made.time)
        return to_bytes(picture)

    def _drawn(
        self, state: State | None, params: FrameParams, dt: float
    ) -> tuple[torch.Tensor, FrameParams] | None:
        """A picture and what it was made for; None while all are in flight."""
        entering = self._from_noise(params) if state is None else self._next(state, params, dt)
        overlaps = self.overlaps and params.overlap and state is not None
        if torch.is_tensor(entering):
            self._flight.clear()
            return entering, params
        if not overlaps:
            self._flight.clear()
            return self._finished(entering, params), params
        out = self._timed("denoise", lambda: self._flight.tick(
            self._model, entering, *self._conditions(params)))
        return None if out is None else (self._decoded(out), out.about)

    def _from_noise(self, params: FrameParams) -> Slot:
        """There is nothing to feed back yet, or nothing shall be."""
        seeds = seed_shares(params, self._seed)
        clean = torch.zeros_like(self._noise.at(seeds))
        return self._slot(clean, lambda k: self._noise.at(seeds, 1.0, k), 1.0, params)

    def _next(self, state: State, params: FrameParams, dt: float) -> Slot | torch.Tensor:
        """What is to be redrawn, encoded and noised; a picture where nothing is to be."""
        self._noise.move(limited(params.pose.since(self._at[0])), params.noise_drift * dt)
        picture = self._warp(state.picture, limited(params.pose.since(state.pose)), params.edges)
        picture = sharpen(picture, self._regulator.sharpening).clamp(0.0, 1.0)
        picture = self._sources.mix(picture, params)
        fresh = freshness(params)
        strength = params.strength + (1.0 - params.strength) * fresh
        if fresh >= 1.0:
            return self._from_noise(params)
        if not self._timesteps(strength, params.steps):
            return picture
        clean = self._timed("encode", lambda: self._model.encode(picture)) * (1.0 - fresh)
        seeds, told = seed_shares(params, self._seed), telling(strength)
        share = NOISE_SHARE + (1.0 - NOISE_SHARE) * fresh
        return self._slot(
            clean, lambda k: share * self._noise.at(seeds, told, k), strength, params)

    def _timesteps(self, strength: float, steps: int) -> list[int]:
        model, steps = self._model, steps or self._steps
        return timesteps_of(strength, steps, len(model.alphas_cumprod), model.schedule)

    def _slot(
        self, clean: torch.Tensor, noise: Noise, strength: float, params: FrameParams
    ) -> Slot:
        return begun(self._model, clean, noise, self._timesteps(strength, params.steps), params)

    def _conditions(
        self, params: FrameParams
    ) -> tuple[torch.Tensor, torch.Tensor | None, Guidance]:
        """Text states of what is to be seen and what is not, and how the prompt pulls."""
        how = Guidance(params.guidance, params.guidance_kind, params.guidance_delta)
        positive = self._prompts.blend(params.prompts)
        negative = None
        if how.asks(0) or not self._opposed:  # once at first, so that later nobody waits for it
            self._opposed = True
            negative = self._prompts.blend((Prompt(params.negative, 1.0),), slot="negative")
        return positive, negative if how.asks(0) else None, how

    def _finished(self, slot: Slot, params: FrameParams) -> torch.Tensor:
        """All steps of one picture, one after the other."""
        conditions = self._conditions(params)
        self._timed("denoise", lambda: finish(self._model, slot, *conditions))
        return self._decoded(slot)

    def _decoded(self, slot: Slot) -> torch.Tensor:
        return self._timed("decode", lambda: self._model.decode(slot.result))

    def _timed(self, stage: str, work: Callable[[], torch.Tensor]) -> torch.Tensor:
        start = monotonic()
        result = work()
        self.stages_ms[stage] = (monotonic() - start) * 1e3
        return result


def to_bytes(picture: torch.Tensor) -> np.ndarray:
    """uint8 (h, w, 3) of a picture (1, 3, h, w) in 0..1."""
    scaled = picture[0].float().clamp(0, 1).mul(255).round().to(torch.uint8)
    return to_host(scaled.permute(1, 2, 0).contiguous())
