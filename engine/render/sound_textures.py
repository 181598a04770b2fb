"""The sound as pictures, for the inputs `audio` and `audioFFT` of ISF shaders.

Flows in: the Sound of the newest hop; flows out: float textures, a row for each channel (left
below, right above), whose columns are samples around 0.5 or the parts of the spectrum from low to
high. They are written anew when the sound is another one, and only for shaders that ask. GL
thread.

How wide they are is the input's MAX; without one it is all there is, SOUND_SAMPLES or half of
that. The specification asks for the total volume where MAX is 1: so fewer than FEW columns of
`audio` are each the loudest moment of their part, and fewer than FEW of `audioFFT` lie evenly on
the scale of pitch from 20 Hz to 20 kHz; more are the newest samples, and the plain bins.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.isf_header import ShaderInput
from engine.records import SAMPLERATE, SOUND_SAMPLES, Sound

if TYPE_CHECKING:
    import moderngl

CHANNELS = 2
FEW = 64
FLOOR_DB = -80.0
"""What the spectrum shows as 0; 1 is a sine at full scale. Hosts differ here, and the format says
nothing: in decibels quiet highs are seen beside loud basses."""
LOWEST_HZ, HIGHEST_HZ = 20.0, 20_000.0
_BINS = SOUND_SAMPLES // 2
_WINDOW = np.hanning(SOUND_SAMPLES + 1)[:-1].astype(np.float32)[:, None]
_SCALE = 2.0 / float(_WINDOW.sum())


class SoundTextures:
    """One texture for each of `inputs`, which are of type audio or audioFFT."""

    def __init__(self, ctx: moderngl.Context, inputs: Sequence[ShaderInput]) -> None:
        self._inputs = inputs
        self.textures = {item.name: _texture(ctx, columns(item)) for item in inputs}
        self._heard: Sound | None = None

    def hear(self, sound: Sound) -> dict[str, moderngl.Texture]:
        """The textures by the inputs' names, showing `sound`."""
        if self._inputs and sound is not self._heard:
            self._heard = sound
            bins = spectrum(sound) if any(i.type == "audioFFT" for i in self._inputs) else None
            for item in self._inputs:
                wide = columns(item)
                is_wave = bins is None or item.type == "audio"
                rows = waveform(sound, wide) if is_wave else spread(bins, wide)
                self.textures[item.name].write(np.ascontiguousarray(rows, np.float32))
        return self.textures

    def release(self) -> None:
        """Free everything on the GPU."""
        for texture in self.textures.values():
            texture.release()


def columns(item: ShaderInput) -> int:
    """How wide the picture of an input is."""
    most = SOUND_SAMPLES if item.type == "audio" else _BINS
    return min(most, round(item.high)) or most


def waveform(sound: Sound, wide: int) -> np.ndarray:
    """(2, wide) samples 0..1 about 0.5, newest last; if few, the loudest of each part, 0.5..1."""
    samples = sound.samples
    if wide >= FEW:
        return 0.5 + 0.5 * samples[-wide:].T
    parts = np.array_split(np.abs(samples), wide)
    return 0.5 + 0.5 * np.stack([part.max(axis=0) for part in parts], axis=1)


def spectrum(sound: Sound) -> np.ndarray:
    """(2, SOUND_SAMPLES / 2) loudness 0..1 of each bin of a Hann window; see FLOOR_DB."""
    size = np.abs(np.fft.rfft(sound.samples * _WINDOW, axis=0))[:_BINS].T * _SCALE
    loud = 20.0 * np.log10(np.maximum(size, 1e-6))
    return np.clip(1.0 - loud / FLOOR_DB, 0.0, 1.0).astype(np.float32)


def spread(bins: np.ndarray, wide: int) -> np.ndarray:
    """Those bins in (2, wide): the loudest of each part."""
    count = bins.shape[1]
    if wide >= count:
        return bins
    if wide >= FEW:
        edges = np.linspace(0, count, wide + 1)
    else:
        hz = np.geomspace(LOWEST_HZ, HIGHEST_HZ, wide + 1)
        edges = hz / (SAMPLERATE / SOUND_SAMPLES)
    first = np.minimum(edges[:-1].round().astype(int), count - 1)
    after = np.maximum(edges[1:].round().astype(int), first + 1)
    pairs = zip(first, after, strict=True)
    return np.stack([bins[:, a:b].max(axis=1) for a, b in pairs], axis=1)


def _texture(ctx: moderngl.Context, wide: int) -> moderngl.Texture:
    made = ctx.texture((wide, CHANNELS), 1, dtype="f4")
    made.swizzle = "RRR1"
    made.repeat_x = made.repeat_y = False
    return made
