"""The spectra that all features of a hop share: samples in, magnitudes and powers out.

Two sliding windows end at the newest sample: a Hann window of 2048 for what sounds, and for what
begins one of 1024 that leans to the newest samples, so that a hit shows in the hop in which it
falls (measured: a kick 20 ms sooner than with a Hann window). State is the last 2048 samples;
runs on the analysis thread.
"""

from __future__ import annotations

import numpy as np

from engine.records import HOP, SAMPLERATE

LONG, SHORT = 2048, 1024
FALL = 128
"""Samples over which the onset window falls at its new end."""


def _leaning_window() -> np.ndarray:
    """Half a Hann window rising over SHORT - FALL samples, half a short one falling."""
    rise = 0.5 - 0.5 * np.cos(np.pi * np.arange(SHORT - FALL) / (SHORT - FALL))
    fall = 0.5 + 0.5 * np.cos(np.pi * np.arange(FALL) / FALL)
    return np.concatenate([rise, fall]).astype(np.float32)


def bins(low_hz: float, high_hz: float, size: int) -> slice:
    """FFT bins of a window of `size` samples whose centres lie in low..high."""
    step = SAMPLERATE / size
    return slice(int(np.ceil(low_hz / step)), int(high_hz / step) + 1)


class Spectra:
    """Takes in (HOP, 2) samples, one call a hop, and gives the spectra at their end."""

    def __init__(self) -> None:
        self._recent = np.zeros(LONG, np.float32)
        self._long = np.hanning(LONG + 1)[:-1].astype(np.float32)
        self._short = _leaning_window()
        self._short *= 2.0 / self._short.sum()
        self._power_scale = 2.0 / (LONG * float((self._long**2).sum()))  # Parseval

    def take(self, samples: np.ndarray) -> None:
        """Slide on by one hop."""
        self._recent[:-HOP] = self._recent[HOP:]
        self._recent[-HOP:] = samples.mean(axis=1)

    def power(self) -> np.ndarray:
        """Power (1025,) of the long window; its sum is the mean square of the sound."""
        return np.abs(np.fft.rfft(self._recent * self._long)) ** 2 * self._power_scale

    def onset(self) -> np.ndarray:
        """Magnitudes (513,) of the onset window; a sine of amplitude 1 peaks at 1."""
        return np.abs(np.fft.rfft(self._recent[-SHORT:] * self._short))
