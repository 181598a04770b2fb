"""Teaches the drop ear: features of generated pieces and where their drops are in, weights out.

The features come hop by hop from the engine's own extractor and are kept beside the ear's rows;
a hop is a drop from a tenth to a good third of a second after it, and what comes a little before or
after, where drums return without a build and around a change of track is not asked about. One
thread, some minutes (most of it the features, the first time):

    python -m training.ear drops
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from engine.audio.features import FeatureExtractor
from engine.audio.media import stream_hops
from engine.records import HOP_SECONDS
from engine.structure import INPUTS, WEIGHTS, DropInputs
from training.ear.rows import MUSIC, OUT
from training.music import dataset

KINDS = ("generator", "set", "nothing")
"""Kinds whose drops are labelled, or that have none."""
FROM, UNTIL = 0.10, 0.36
"""Seconds after a drop in which it is to be told."""
HIDDEN, STEPS, RATE = 24, 3000, 3e-3
EASY, HARD, TRUE = 512, 256, 256
"""Hops of a step: without a drop, those of them that were hardest, and with one."""
HARDEST, EVERY = 20_000, 300


def inputs_of(path: Path, folder: Path) -> np.ndarray:
    """What the drop ear sees of a piece, float16 (hops, INPUTS), made once."""
    kept = folder / f"{path.name}.npy"
    if not kept.exists():
        samples = np.load(path.with_suffix(".npy")).astype(np.float32) / 32767.0
        extractor, inputs = FeatureExtractor(), DropInputs()
        stereo = np.repeat(samples[:, None], 2, axis=1)
        rows = [inputs.step(extractor.process(block)) for block in stream_hops(stereo)]
        folder.mkdir(parents=True, exist_ok=True)
        np.save(kept, np.array(rows, np.float16).reshape(-1, INPUTS))
    return np.load(kept)


def targets_of(labels: dict, hops: int) -> tuple[np.ndarray, np.ndarray]:
    """Whether each hop is one of a drop, and whether it is asked about, bool (hops,)."""
    time = (np.arange(hops) + 1) * HOP_SECONDS
    drop, asked = np.zeros(hops, bool), np.ones(hops, bool)
    spans = [(t - 1.0, t + 3.0) for t in labels["entries"]]
    spans += [(t - 8.0, t + 8.0) for t in labels["changes"]]
    spans += [*map(tuple, labels["unknown"]), *((t - 0.3, t + 3.0) for t in labels["drops"])]
    for start, end in spans:
        asked[(time >= start) & (time < end)] = False
    for start in labels["drops"]:
        drop |= (time >= start + FROM) & (time < start + UNTIL)
    return drop, asked | drop


def teach(seed: int = 0) -> dict[str, np.ndarray]:
    """The arrays of engine/drops.npz from the pieces of `train`."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    rows, drop = _hops("train")
    mean, deviation = rows.mean(axis=0), rows.std(axis=0) + 0.05
    x = torch.from_numpy((rows - mean) / deviation)
    y, rng = torch.from_numpy(drop.astype(np.float32)), np.random.default_rng(seed)
    true, false = np.flatnonzero(drop), np.flatnonzero(~drop)
    model = nn.Sequential(nn.Linear(INPUTS, HIDDEN), nn.Tanh(), nn.Dropout(0.1),
                          nn.Linear(HIDDEN, 1))  # fmt: skip
    optimiser = torch.optim.AdamW(model.parameters(), RATE, weight_decay=2e-2)
    fall = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    hard = false
    for step in range(STEPS):
        drawn = zip((true, false, hard), (TRUE, EASY, HARD), strict=True)
        chosen = np.concatenate([rng.choice(part, count) for part, count in drawn])
        noisy = x[chosen] + 0.1 * torch.randn(len(chosen), INPUTS)
        loss = binary_cross_entropy_with_logits(model(noisy)[:, 0], y[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        fall.step()
        if step % EVERY == EVERY - 1:
            with torch.no_grad():
                said = model.eval()(x)[:, 0].numpy()
            model.train()
            hard = false[np.argsort(-said[false])[:HARDEST]]
    first, bias, out, last = (p.detach().numpy() for p in model.parameters())
    hidden = first / deviation
    return {"hidden": hidden, "bias": bias - hidden @ mean, "out": out[0], "last": last[0]}


def _hops(split: str) -> tuple[np.ndarray, np.ndarray]:
    """All hops that are asked about, float32 (n, INPUTS), and whether each is one of a drop."""
    paths = [p for p in dataset.paths(MUSIC / split) if p.name.startswith(KINDS)]
    rows, drops = [], []
    for path in paths:
        seen = inputs_of(path, OUT / "drops" / split)
        drop, asked = targets_of(dataset.load_labels(path), len(seen))
        rows.append(seen[asked].astype(np.float32))
        drops.append(drop[asked])
    return np.concatenate(rows), np.concatenate(drops)


def main() -> None:
    """Teach and write the weights that the engine plays."""
    np.savez_compressed(WEIGHTS, **{k: np.float32(v) for k, v in teach().items()})
