"""The judges: a small network that names the subject, the colours and the style of a picture.

Drawn pictures flow in, half of them through the autoencoder, half drawn from noise and half free;
three answers flow out. The judge never sees a picture of the model before it judges one. Colours
are asked only where a style leaves them, styles only of pictures with a hue: a plain black and
white picture and a monochrome one are the same picture. The checkpoint's name carries the labels
and the recipe, so new subjects get a new judge; after a change of the drawing alone, remove it.
"""

import hashlib
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training import captions, loop
from training.captions import Look
from training.palettes import COLOURS, THEMES
from training.pictures import GROUP, Pictures
from training.styles import STYLES
from training.subjects import NAMES, SUBJECTS

SIDE = 128
BINS, PAIRS = 8, 5  # of the histograms
BATCH = 32
STEPS = 2400
PEAK_LR = 3e-3
LEARNT, UNSEEN = (128,) * 6 + (256,) * 3, (256,)
"""Sizes of the pictures in each turn through all subjects. 128 draws four times as fast, but some
subjects look different there: smoke was never known at 256 by a judge that had seen 128 alone."""
SEED, UNSEEN_SEED = 9_100, 9_000
COLOUR_NAMES = (*COLOURS, *THEMES)
PLAIN = "plain"
STYLE_NAMES = (*(style.name for style in STYLES), PLAIN)
GREY = {"black", "white", "silver"}


@dataclass(frozen=True)
class Seen:
    """Pictures uint8 (n, 3, SIDE, SIDE) and what they are.

    `subject` and `style` (n,) index NAMES and STYLE_NAMES, `colours` (n, names) share one among
    the palette's names. `hue_shown` and `style_shown` (n,) say where a question is fair; `decoded`
    and `free` (n,) how the picture came about.
    """

    images: Tensor
    subject: Tensor
    colours: Tensor
    style: Tensor
    hue_shown: Tensor
    style_shown: Tensor
    decoded: Tensor
    free: Tensor

    def __len__(self) -> int:
        return len(self.images)


@torch.no_grad()
def through(vae: nn.Module, images: Tensor, chunk: int = 4) -> Tensor:
    """The pictures (n, 3, h, w) in 0..1 as the autoencoder gives them back."""
    ready = (images * 2 - 1).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        parts = [vae.decoder(vae.encoder(part)) for part in ready.split(chunk)]
    return (torch.cat(parts).float() / 2 + 0.5).clamp(0, 1).contiguous()


def small(images: Tensor) -> Tensor:
    """What the judge looks at: (n, 3, SIDE, SIDE), each pixel the mean of those it covers."""
    return F.interpolate(images, (SIDE, SIDE), mode="area")


def is_grey(palette: str) -> bool:
    return set(palette.split("+")) <= GREY


@torch.no_grad()
def gather(vae: nn.Module, seed: int, size: int) -> Seen:
    """A turn through all subjects: GROUP shapes of each, every one painted in two looks."""
    pictures, chance, rows = Pictures(seed, size), random.Random(seed), []
    half = GROUP // 2
    for subject in SUBJECTS:
        tones = [pictures.tone(subject, half), pictures.tone(subject, half, pictures.noise(half))]
        tone = torch.cat(tones).repeat_interleave(2, 0)
        looks = [_look(subject, chance) for _ in tone]
        images = pictures.paint(tone, looks)
        decoded = torch.arange(2 * GROUP) % 4 < 2
        images[decoded] = through(vae, images[decoded])
        rows.append(_seen(images, looks, decoded, torch.arange(2 * GROUP) < GROUP))
    return joined(rows)


def joined(rows: list[dict[str, Tensor]]) -> Seen:
    return Seen(**{key: torch.cat([row[key] for row in rows]) for key in rows[0]})


def drawn(vae: nn.Module, out: Path, sizes: Sequence[int], seed: int) -> Seen:
    """A turn of pictures of each size, each kept in a file: a run that is broken off goes on."""
    folder, rows = out / f"probes_{labels_hash()}", []
    folder.mkdir(parents=True, exist_ok=True)
    for turn, size in enumerate(sizes):
        path = folder / f"{seed + turn}_{size}.pt"
        if not path.exists():
            print(f"probes: drawing {turn + 1} of {len(sizes)}", flush=True)
            torch.save(vars(gather(vae, seed + turn, size)), path.with_suffix(".writing"))
            os.replace(path.with_suffix(".writing"), path)
        rows.append(torch.load(path, weights_only=True))
    return joined(rows)


def _look(subject, chance: random.Random) -> Look:
    """Styles evenly, with three plain pictures to one of each style."""
    look = captions.choose(subject, chance)
    return replace(look, style=chance.choice((*STYLES, None, None, None)))


def _seen(images: Tensor, looks: list[Look], decoded: Tensor, free: Tensor) -> dict[str, Tensor]:
    palettes = [look.paint.name.split("+") for look in looks]
    shares = [[(name in parts) / len(parts) for name in COLOUR_NAMES] for parts in palettes]
    styles = [look.style.name if look.style else PLAIN for look in looks]
    return {
        "images": (small(images) * 255).round().byte(),
        "subject": torch.tensor([NAMES.index(look.subject.name) for look in looks]),
        "colours": torch.tensor(shares),
        "style": torch.tensor([STYLE_NAMES.index(name) for name in styles]),
        "hue_shown": torch.tensor([not x.style or x.style.takes_colour for x in looks]),
        "style_shown": torch.tensor([not is_grey(look.paint.name) for look in looks]),
        "decoded": decoded,
        "free": free,
    }


class Probe(nn.Module):
    """Shapes are told by a small convolutional network, colours and styles by histograms.

    What a palette or a style does, it does to every pixel alike, so counting pixels is enough and
    is learnt at once.
    """

    def __init__(self, width: int = 48):
        super().__init__()
        sizes = (4, width, 2 * width, 3 * width)
        steps = zip(sizes[:-1], sizes[1:], (4, 2, 2), strict=True)
        self.shapes = nn.Sequential(*(_stage(*step) for step in steps))
        self.subject = _head(2 * sizes[-1], len(NAMES))
        self.colours = _head(BINS**3, len(COLOUR_NAMES))
        self.style = _head(BINS**3 + PAIRS * BINS**2 + 2 * sizes[-1], len(STYLE_NAMES))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Scores of subjects, colours and styles for pictures (n, 3, SIDE, SIDE) in 0..1."""
        deep = self.shapes(outlines(images))
        deep = torch.cat([deep.mean((2, 3)), deep.amax((2, 3))], 1)
        tints = counted(*images[..., ::2, ::2].unbind(1))
        every = torch.cat([tints, textures(images), deep.detach()], 1)
        return self.subject(deep), self.colours(tints), self.style(every)


def outlines(images: Tensor) -> Tensor:
    """Light alone, evened over the picture and over surroundings, and x and y, at half size.

    (n, 4, h / 2, w / 2). Without colour and exposure, which tell nothing sure of a subject, shapes
    are learnt several times as fast, and an orange picture is no fire for its colour.
    """
    light = F.avg_pool2d(images.mean(1, keepdim=True), 2)
    light = light - light.mean((2, 3), keepdim=True)
    light = light / (light.std((2, 3), keepdim=True) + 0.02)
    near = light - F.avg_pool2d(light, 9, 1, 4, count_include_pad=False)
    near = near / (F.avg_pool2d(near**2, 9, 1, 4, count_include_pad=False).sqrt() + 0.2)
    axis = torch.linspace(-1, 1, light.shape[-1])
    place = torch.stack((axis.expand(len(axis), -1), axis[:, None].expand(-1, len(axis))))
    return torch.cat([light, near, place.expand(len(light), -1, -1, -1)], 1)


def counted(*planes: Tensor) -> Tensor:
    """Joint histogram (n, BINS ** planes) of planes (n, h, w) in 0..1, as square roots of shares
    times a constant, which are about equally sure wherever they lie."""
    cell = torch.zeros_like(planes[0], dtype=torch.long)
    for plane in planes:
        cell = cell * BINS + (plane * (BINS - 1e-3)).long().clamp(0, BINS - 1)
    cell = cell.flatten(1)
    counts = torch.zeros(len(cell), BINS ** len(planes))
    counts.scatter_add_(1, cell, torch.ones_like(cell, dtype=counts.dtype))
    return 4 * (counts / cell.shape[1]).sqrt()


def textures(images: Tensor) -> Tensor:
    """How light, purity, slope, edges and surroundings of pixels go together, (n, PAIRS cells)."""
    light = images.mean(1, keepdim=True)
    some = light[..., ::2, ::2]
    steep = (light[..., 1::2, ::2] - some).abs() + (light[..., ::2, 1::2] - some).abs()
    edge = (8 * (some - F.avg_pool2d(light, 3, 2, 1, count_include_pad=False)).abs()).clamp(0, 1)
    half = F.avg_pool2d(light, 2)
    around = 0.5 + some - F.avg_pool2d(half, 7, 1, 3, count_include_pad=False)
    pure = images[..., ::2, ::2].amax(1) - images[..., ::2, ::2].amin(1)
    steep, edge = (3 * steep).clamp(0, 1).sqrt()[:, 0], edge.sqrt()[:, 0]
    some, around = some[:, 0], around[:, 0].clamp(0, 1)
    together = ((some, steep), (some, pure), (steep, edge), (pure, steep), (some, around))
    return torch.cat([counted(a, b) for a, b in together], 1)


def _stage(into: int, out: int, step: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(into, out, step + 1, step, step // 2, bias=False), nn.BatchNorm2d(out), nn.ReLU(),
        nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU(),
    )  # fmt: skip


def _head(width: int, answers: int) -> nn.Sequential:
    return nn.Sequential(
        nn.BatchNorm1d(width), nn.Linear(width, 128), nn.GELU(), nn.Dropout(0.2),
        nn.Linear(128, answers),
    )  # fmt: skip


class ProbeTask:
    """Learns the three answers at once from pictures kept in memory."""

    def __init__(self, seed: int, seen: Seen, batch: int = BATCH):
        torch.manual_seed(seed)
        self.seen, self.batch, self.updates = seen, batch, 0
        self.probe = Probe().to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(self.probe.parameters(), PEAK_LR, weight_decay=0.02)
        self.parts = {"probe": self.probe, "optimizer": self.optimizer}

    def step(self, progress: float, generator: torch.Generator) -> dict[str, float]:
        loop.set_lr(self.optimizer, loop.cosine(PEAK_LR, progress, (self.updates + 1) / 50))
        some = torch.randint(len(self.seen), (self.batch,), generator=generator)
        images = shaken(self.seen.images[some], generator)
        with torch.autocast("cpu", torch.bfloat16):
            answers = self.probe.train()(images.contiguous(memory_format=torch.channels_last))
        subject, colours, style = (answer.float() for answer in answers)
        first = F.cross_entropy(subject, self.seen.subject[some])
        second = F.cross_entropy(colours, self.seen.colours[some], reduction="none")
        third = F.cross_entropy(style, self.seen.style[some], reduction="none")
        second = (second * self.seen.hue_shown[some]).mean()
        third = (third * self.seen.style_shown[some]).mean()
        self.optimizer.zero_grad()
        (first + second + third).backward()
        self.optimizer.step()
        self.updates += 1
        return {"subject": first.item(), "colours": second.item(), "style": third.item()}


def shaken(images: Tensor, generator: torch.Generator) -> Tensor:
    """Bytes to 0..1, half of them mirrored, a few softened, all cut to one part of the picture."""
    side = SIDE - 8 * int(torch.randint(4, (1,), generator=generator))
    top, left = torch.randint(SIDE - side + 1, (2,), generator=generator).tolist()
    x = images[..., top : top + side, left : left + side].float() / 255
    mirrored, soft = torch.rand(2, len(x), generator=generator)
    x[mirrored < 0.5] = x[mirrored < 0.5].flip(-1)
    if (soft < 0.15).any():
        x[soft < 0.15] = F.avg_pool2d(x[soft < 0.15], 3, 1, 1, count_include_pad=False)
    return x


def labels_hash(*recipe: object) -> str:
    text = "|".join((*NAMES, *COLOUR_NAMES, *STYLE_NAMES, *map(str, recipe)))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def checkpoint(out: Path) -> Path:
    return out / f"probes_{labels_hash(SIDE, BINS, BATCH, STEPS, PEAK_LR, *LEARNT)}.pt"


def trained(vae: nn.Module, out: Path, steps: int = STEPS) -> Probe:
    """The judge of `out`, trained first where there is none or where its training broke off."""
    path = checkpoint(out)
    if not loop.is_done(path, loop.Budget(steps=steps)):
        task = ProbeTask(SEED, drawn(vae, out, LEARNT, SEED))
        loop.train(task, path, loop.Budget(steps=steps), SEED)
    probe = Probe()
    probe.load_state_dict(torch.load(path, weights_only=True)["parts"]["probe"])
    return probe.eval().requires_grad_(False)
