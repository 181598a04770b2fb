"""LoRAs with live weights: W = W0 + sum_i w_i (alpha_i / r_i) B_i A_i (2106.09685).

The wanted weights flow in with each picture; between two pictures the matrices of the UNet are
written anew from the base, which is kept as it was: nothing drifts, and weight 0 is the model
itself. Live, a change takes no more than a share of a picture's time and goes on at the next
one; new files are read by a worker thread. Text encoders are changed by whoever encodes, in
steps of TEXT_STEP. `set` is for the thread that owns the model.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from engine.clock import monotonic
from engine.diffusion.lora_names import TEXTS, Pair, read_pairs, shapes_of
from engine.errors import ModelError
from engine.records import Lora

if TYPE_CHECKING:
    from engine.diffusion.model import Model

SHARE, LEAST, MOST = 0.1, 0.002, 2.0
"""Share of the time between two pictures that a change may take, and its bounds in seconds."""
TEXT_STEP = 0.05
"""Weights are rounded to this for the text encoders: each one is an encoding of each prompt."""
Weights = tuple[tuple[str, float], ...]
"""File and weight of each LoRA that counts."""


@dataclass(slots=True)
class Matrix:
    """One matrix of the model, its base, and what is added: columns of `up`, rows of `down`.

    `spans` is (file, how many ranks, alpha / rank) in the order of the columns.
    """

    weight: torch.Tensor
    base: torch.Tensor
    up: torch.Tensor
    down: torch.Tensor
    spans: tuple[tuple[str, int, float], ...]
    applied: tuple[float, ...] = field(default=())

    def factors(self, wanted: dict[str, float]) -> tuple[float, ...]:
        return tuple(wanted.get(file, 0.0) * scale for file, _, scale in self.spans)

    def apply(self, factors: tuple[float, ...]) -> None:
        """Write the matrix for these factors of its spans."""
        self.applied = factors
        if not any(factors):
            self.weight.copy_(self.base)
            return
        ranks = [torch.full((rank,), factor) for (_, rank, _), factor in
                 zip(self.spans, factors, strict=True)]
        column = torch.cat(ranks).to(self.up.device, self.up.dtype)
        if self.weight.ndim == 2:
            torch.addmm(self.base, self.up * column, self.down, out=self.weight)
        else:
            added = (self.up * column @ self.down).view(self.base.shape)
            self.weight.copy_(self.base + added)


Table = dict[tuple[str, str], Matrix]


class LoraDeck:
    """The LoRAs of one model. `background` for a live show: reading never holds a picture back.

    `tell` gets one line for each file that cannot be played; it is left out and the rest plays.
    """

    def __init__(
        self, model: Model, background: bool = False, tell: Callable[[str], None] | None = None
    ) -> None:
        self._model, self._background, self._tell = model, background, tell
        self._table: Table = {}
        self._built: Table = {}  # the reader's own: with all that was read, taken over or not
        self._text_files: tuple[str, ...] = ()
        self._asked: set[str] = set()
        self._wanted: dict[str, float] = {}
        self._turn, self._before, self._settled = 0, 0.0, True
        self._ready: queue.SimpleQueue[Table] = queue.SimpleQueue()
        self._files: queue.SimpleQueue[list[str] | None] = queue.SimpleQueue()
        self._worker: threading.Thread | None = None
        self._shapes: Any = None
        self.faults = 0

    def set(self, loras: Sequence[Lora]) -> None:
        """What is wanted from this picture on; at once for films, as time allows when live."""
        if self._model.unet is None or not (loras or self._table):
            self._refuse(loras)
            self._before = monotonic()
            return
        self._load([lora.file for lora in loras if lora.file not in self._asked])
        wanted: dict[str, float] = {}
        for lora in loras:
            wanted[lora.file] = wanted.get(lora.file, 0.0) + lora.weight
        fresh = self._take()
        if fresh or wanted != self._wanted or not self._settled:
            self._wanted = wanted
            self._settled = self._apply(self._budget())
        self._before = monotonic()

    def text_weights(self) -> Weights:
        """What the text encoders are to be changed by: each encoding belongs to one of these."""
        rounded = ((file, round(round(self._wanted.get(file, 0.0) / TEXT_STEP) * TEXT_STEP, 6))
                   for file in self._text_files)
        return tuple((file, weight) for file, weight in rounded if weight)

    def change_text(self, weights: Weights) -> None:
        """Write the text encoders for these weights; for the thread that encodes."""
        wanted = dict(weights)
        for (part, _), matrix in list(self._table.items()):
            if part in TEXTS and matrix.applied != (factors := matrix.factors(wanted)):
                matrix.apply(factors)

    def close(self) -> None:
        """End the worker and give the model back as it was."""
        if self._worker is not None:
            self._files.put(None)
            self._worker.join(timeout=5.0)
            self._worker = None
        for matrix in self._table.values():
            matrix.weight.copy_(matrix.base)
        self._table, self._built, self._text_files = {}, {}, ()

    def _budget(self) -> float | None:
        """Seconds for this turn; None for as long as it takes."""
        if not self._background or not self._before:
            return None
        return min(MOST, max(LEAST, SHARE * (monotonic() - self._before)))

    def _apply(self, budget: float | None) -> bool:
        """Write what is not as wanted, round and round, one at least; whether all is done."""
        rows = [matrix for (part, _), matrix in self._table.items() if part == "unet"]
        start, written = monotonic(), 0
        for n in range(len(rows)):
            matrix = rows[(self._turn + n) % len(rows)]
            factors = matrix.factors(self._wanted)
            if matrix.applied == factors:
                continue
            if budget is not None and written and monotonic() - start > budget:
                self._turn = (self._turn + n) % len(rows)
                return False
            matrix.apply(factors)
            written += 1
        return True

    def _load(self, files: list[str]) -> None:
        files = list(dict.fromkeys(files))
        if not files:
            return
        self._asked.update(files)
        if not self._background or not self._before:
            self._read(files)
            return
        if self._worker is None:
            self._worker = threading.Thread(target=self._work, name="loras", daemon=True)
            self._worker.start()
        self._files.put(files)

    def _work(self) -> None:
        while (files := self._files.get()) is not None:
            self._read(files)

    def _read(self, files: list[str]) -> None:
        """Read files and hand over the table with them; those that do not fit are told."""
        added: dict[tuple[str, str], list[tuple[str, Pair, Any, Any, float]]] = {}
        for file in files:
            try:
                self._shapes = self._shapes or shapes_of(self._model.name)
                for row in _rows(file, self._model, self._shapes):
                    added.setdefault((row[1].part, row[1].module), []).append(row)
            except Exception as error:  # whatever a bad file makes the libraries raise
                self.faults += 1
                said = str(error) if isinstance(error, ModelError) else f"{file}: {error}"
                self._say(f"{' '.join(said.split())[:300]}; the show goes on without it")
        made = {place: _joined(self._model, place, self._built.get(place), rows)
                for place, rows in added.items()}
        self._built |= made
        self._ready.put(made)

    def _take(self) -> bool:
        """Take over what was read; whether there was something."""
        got = False
        while not self._ready.empty():
            self._table = {**self._table, **self._ready.get()}
            got = True
        if got:
            self._text_files = tuple(sorted({
                file for (part, _), matrix in self._table.items() if part in TEXTS
                for file, _, _ in matrix.spans}))
        return got

    def _refuse(self, loras: Sequence[Lora]) -> None:
        if any(lora.weight for lora in loras) and "" not in self._asked:
            self._asked.add("")
            self.faults += 1
            self._say("LoRAs are drawn by torch alone: --runtime torch")

    def _say(self, line: str) -> None:
        if self._tell is None:
            raise ModelError(line.removesuffix("; the show goes on without it"))
        self._tell(line)


def _rows(file: str, model: Model, shapes: Any) -> list[tuple[str, Pair, Any, Any, float]]:
    """The pairs of a file with their matrices on the model's device, and alpha / rank."""
    from safetensors import safe_open

    pairs = read_pairs(Path(file), model.folder, shapes)
    rows = []
    with safe_open(file, framework="pt") as stored:
        for pair in pairs:
            up, down = (stored.get_tensor(name).flatten(1).to(model.device, model.dtype)
                        for name in (pair.up, pair.down))
            if not (torch.isfinite(up).all() and torch.isfinite(down).all()):
                raise ModelError(f"{file}: {pair.module} holds what is no number")
            alpha = pair.rank if pair.alpha is None else pair.alpha
            if isinstance(alpha, str):
                alpha = float(stored.get_tensor(alpha))
            rows.append((file, pair, up, down, alpha / pair.rank))
    return rows


def _joined(
    model: Model, place: tuple[str, str], old: Matrix | None,
    rows: list[tuple[str, Pair, Any, Any, float]],
) -> Matrix:
    """The matrix of a place with what is added to it, after what was there."""
    weight = _weight(model, *place)
    spans = tuple((file, pair.rank, scale) for file, pair, _, _, scale in rows)
    ups, downs = [row[2] for row in rows], [row[3] for row in rows]
    if old is None:
        base = weight.detach().clone()
        return Matrix(weight, base, torch.cat(ups, 1), torch.cat(downs), spans,
                      (0.0,) * len(spans))
    return Matrix(weight, old.base, torch.cat([old.up, *ups], 1), torch.cat([old.down, *downs]),
                  (*old.spans, *spans))


def _weight(model: Model, part: str, module: str) -> torch.Tensor:
    owner = getattr(model, part)
    if part in TEXTS and module != "text_projection" and hasattr(owner, "text_model"):
        owner = owner.text_model
    return owner.get_submodule(module).weight.data
