"""The judges: a small network that names the subject, the colours and the style of a picture.

Drawn pictures flow in, half of them through the autoencoder, half drawn from noise and half free;
three answers flow out. The judge never sees a picture of the model before it judges one. Colours
are asked only where a style leaves them, styles only of pictures with a hue: a plain black and
white picture and a monochrome one are the same picture. The checkpoint's name carries the labels,
so new subjects get a new judge.
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
BATCH = 64
STEPS = 1000
PEAK_LR = 3e-3
LEARNT, UNSEEN = (128,) * 6, (256,)
"""Sizes of the pictures in each turn through all subjects; 128 draws four times as fast."""
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
    folder, rows = checkpoint(out).with_suffix(""), []
    folder.mkdir(parents=True, exist_ok=True)
    for turn, size in enumerate(sizes):
        path = folder / f"{seed + turn}.pt"
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
    """Two looks at a picture: its shapes, small and whole, and its pixels, one by one.

    A pixel is looked at with its surroundings and its slope, and the pixels are averaged after
    that, as a histogram is: what a palette or a style does, it does everywhere. A few pixels are
    enough to learn from; `stride` is how far apart they are.
    """

    def __init__(self, width: int = 48, pixels: int = 96, stride: int = 4):
        super().__init__()
        self.stride = stride
        sizes = (5, width, 2 * width, 3 * width)
        steps = zip(sizes[:-1], sizes[1:], (4, 2, 2), strict=True)
        self.shapes = nn.Sequential(*(_stage(*step) for step in steps))
        self.pixels = nn.Sequential(nn.Linear(10, 64), nn.GELU(), nn.Linear(64, pixels), nn.GELU())
        self.subject = _head(2 * sizes[-1], len(NAMES))
        self.colours = _head(pixels, len(COLOUR_NAMES))
        self.style = _head(pixels + 2 * sizes[-1], len(STYLE_NAMES))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Scores of subjects, colours and styles for pictures (n, 3, SIDE, SIDE) in 0..1."""
        x = images * 2 - 1
        whole = F.avg_pool2d(x, 2)
        axis = torch.linspace(-1, 1, whole.shape[-1])
        place = torch.stack((axis.expand(len(axis), -1), axis[:, None].expand(-1, len(axis))))
        deep = self.shapes(torch.cat([whole, place.expand(len(x), -1, -1, -1)], 1))
        deep = torch.cat([deep.mean((2, 3)), deep.amax((2, 3))], 1)
        pixels = self.pixels(around(x, self.stride)).mean(1)
        return self.subject(deep), self.colours(pixels), self.style(torch.cat([pixels, deep], 1))


def around(x: Tensor, stride: int) -> Tensor:
    """Pixels `stride` apart, how each differs from what is around it, and how steep it is there.

    (n, points, 10) of pictures (n, 3, h, w).
    """
    light = x.mean(1, keepdim=True)
    here = light[..., :-1, :-1]
    steep = (light[..., 1:, :-1] - here).abs() + (light[..., :-1, 1:] - here).abs()
    steep = 3 * F.pad(steep, (0, 1, 0, 1))

    def mean(plane: Tensor, side: int) -> Tensor:
        return F.avg_pool2d(plane, side, stride, side // 2, count_include_pad=False)

    x3, own = x[..., ::stride, ::stride], light[..., ::stride, ::stride]
    planes = [x3, 2 * (x3 - mean(x, 3)), steep[..., ::stride, ::stride], mean(steep, 7)]
    planes += [own - mean(light, 7), own - mean(light, 15)]
    return torch.cat(planes, 1).flatten(2).transpose(1, 2)


def _stage(into: int, out: int, step: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(into, out, step + 1, step, step // 2, bias=False), nn.BatchNorm2d(out), nn.ReLU(),
        nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU(),
    )  # fmt: skip


def _head(width: int, answers: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, 128), nn.GELU(), nn.Dropout(0.1), nn.Linear(128, answers))


class ProbeTask:
    """Learns the three answers at once from pictures kept in memory."""

    def __init__(self, seed: int, seen: Seen, batch: int = BATCH):
        torch.manual_seed(seed)
        self.seen, self.batch, self.updates = seen, batch, 0
        self.probe = Probe(stride=8).to(memory_format=torch.channels_last)
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


def checkpoint(out: Path) -> Path:
    labels = "|".join((*NAMES, *COLOUR_NAMES, *STYLE_NAMES))
    return out / f"probes_{hashlib.sha256(labels.encode()).hexdigest()[:8]}.pt"


def trained(vae: nn.Module, out: Path, steps: int = STEPS) -> Probe:
    """The judge of `out`, trained first where there is none or where its training broke off."""
    path = checkpoint(out)
    if not loop.is_done(path):
        task = ProbeTask(SEED, drawn(vae, out, LEARNT, SEED))
        loop.train(task, path, loop.Budget(steps=steps), SEED)
    probe = Probe()
    probe.load_state_dict(torch.load(path, weights_only=True)["parts"]["probe"])
    return probe.eval().requires_grad_(False)
