"""The ear's networks, played in numpy: a row of the front end in, what they take the hop for out.

Each has a dense layer, two gated recurrent layers (GRU, Cho et al. 2014) and a dense layer; it
remembers what it heard, never looks ahead, and was taught by training/ear. Those that learnt apart
err apart: what they say is averaged. Weights
lie in ear.npz beside this file (float16, read without pickle). One call a hop on the analysis
thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.audio.front_end import WIDTH
from engine.errors import ModelError
from engine.records import HOP_SECONDS

WEIGHTS = Path(__file__).with_name("ear.npz")
DELAY_SECONDS = 1.5 * HOP_SECONDS
"""It was taught to see a beat so much later than it is: by then the hit is in the windows."""
SPREAD_HOPS = 1.5
"""And to spread it over the hops within this distance, the nearest most."""
NAMES = ("w0", "b0", "wi1", "wh1", "bi1", "bh1", "wi2", "wh2", "bi2", "bh2", "w3", "b3")


@dataclass(frozen=True, slots=True)
class Seen:
    """What one hop is taken for: probabilities of no beat, a beat, a first beat of the bar (they
    sum to one), and of there being a beat to follow at all."""

    none: float
    beat: float
    down: float
    pulse: float


Weights = dict[str, np.ndarray]


def read_weights(path: Path = WEIGHTS) -> list[Weights]:
    """The arrays of each network by name, float32. Raises ModelError for a file without them."""
    try:
        with np.load(path, allow_pickle=False) as file:
            count = len({key.partition("/")[0] for key in file.files})
            nets = [
                {name: file[f"{k}/{name}"].astype(np.float32) for name in NAMES}
                for k in range(max(1, count))
            ]
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{path}: not the weights of the ear ({error})") from error
    for net in nets:
        if net["w0"].shape[1:] != (WIDTH,):
            shape = net["w0"].shape
            raise ModelError(f"{path}: w0 is {shape}, the ear's front end gives rows of {WIDTH}")
    return nets


class Network:
    """Networks with their states, asked together. One call a hop, in order."""

    def __init__(self, weights: list[Weights] | None = None) -> None:
        self._nets = [_Net(w) for w in (read_weights() if weights is None else weights)]

    def reset(self) -> None:
        """Forget what was heard."""
        for net in self._nets:
            net.reset()

    def process(self, row: np.ndarray) -> Seen:
        """What a row float32 (WIDTH,) is taken for: the geometric mean of what each says."""
        out = [net.process(row) for net in self._nets]
        shares = np.exp(sum(logs for logs, _ in out) / len(out))
        shares /= shares.sum()
        return Seen(*map(float, shares), sum(pulse for _, pulse in out) / len(out))


class _Net:
    """One network and its state."""

    def __init__(self, weights: Weights) -> None:
        self._weights = w = weights
        self._layers = [[w[f"{name}{k}"] for name in ("wi", "wh", "bi", "bh")] for k in (1, 2)]
        self.reset()

    def reset(self) -> None:
        self._states = [np.zeros(layer[1].shape[1], np.float32) for layer in self._layers]

    def process(self, row: np.ndarray) -> tuple[np.ndarray, float]:
        """Logarithms of no beat, beat and first beat (not yet summing to one), and the pulse."""
        w = self._weights
        x = np.tanh(w["w0"] @ row + w["b0"])
        for k, layer in enumerate(self._layers):
            x = self._states[k] = _gated(x, self._states[k], *layer)
        out = w["w3"] @ x + w["b3"]
        logs = out[:3] - out[:3].max()
        return logs, 1.0 / (1.0 + float(np.exp(-out[3])))


def _gated(
    x: np.ndarray, h: np.ndarray, wi: np.ndarray, wh: np.ndarray, bi: np.ndarray, bh: np.ndarray
) -> np.ndarray:
    """One step of a GRU in torch's convention: reset, update and new gates in this order."""
    size = len(h)
    a, b = wi @ x + bi, wh @ h + bh
    gates = 1.0 / (1.0 + np.exp(-(a[: 2 * size] + b[: 2 * size])))
    r, z = gates[:size], gates[size:]
    new = np.tanh(a[2 * size :] + r * b[2 * size :])
    return new + z * (h - new)
