"""Procedural captioned pictures: the whole training set, drawn when needed.

    pictures = Pictures(seed=1, size=256)
    batch = pictures.draw(32)         # batch.images (32, 3, 256, 256) in 0..1, batch.captions

A batch is made of small groups of one subject each, so that the drawing is vectorised. The same
seed gives the same pictures and captions on the same machine; the global generators stay untouched.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from training import captions, palettes
from training.canvas import Canvas
from training.captions import Look
from training.subjects import SUBJECTS, Subject

GROUP = 8


@dataclass(frozen=True)
class Batch:
    images: Tensor
    captions: list[str]
    looks: list[Look]


class Pictures:
    def __init__(
        self, seed: int, size: int = 256, extra: Mapping[str, Sequence[str]] | None = None
    ):
        self.size, self.extra = size, extra
        self.chance = random.Random(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self._deck: list[Subject] = []

    def draw(self, count: int) -> Batch:
        """Pictures of as many subjects as fit, in groups of one subject each."""
        groups = []
        while count > 0:
            groups.append(self.draw_subject(self.next_subject(), min(GROUP, count)))
            count -= GROUP
        return Batch(
            torch.cat([group.images for group in groups]),
            [caption for group in groups for caption in group.captions],
            [look for group in groups for look in group.looks],
        )

    def draw_subject(self, subject: Subject, count: int) -> Batch:
        looks = [captions.choose(subject, self.chance, self.extra) for _ in range(count)]
        words = [captions.caption(look, self.chance) for look in looks]
        return Batch(self.paint(self.tone(subject, count), looks), words, looks)

    def tone(self, subject: Subject, count: int) -> Tensor:
        """Tone maps (count, size, size); one group of patterns in ten comes as its negative."""
        tone = subject.draw(Canvas(count, self.size, self.generator))
        tone = torch.nan_to_num(tone).clamp(0, 1)
        negative = not subject.scene and self.chance.random() < 0.1
        return 1 - tone if negative else tone

    @staticmethod
    def paint(tone: Tensor, looks: Sequence[Look]) -> Tensor:
        colours = torch.stack([palettes.named(look.paint.name) for look in looks])
        images = palettes.coloured(tone, colours)
        for i, look in enumerate(looks):
            if look.style:
                images[i : i + 1] = look.style.apply(images[i : i + 1])
        return images.clamp(0, 1)

    def next_subject(self) -> Subject:
        """Every subject once before any comes again."""
        if not self._deck:
            self._deck = list(SUBJECTS)
            self.chance.shuffle(self._deck)
        return self._deck.pop()
