"""Procedural captioned pictures: the whole training set, drawn when needed.

    pictures = Pictures(seed=1, size=256)
    batch = pictures.draw(32)         # batch.images (32, 3, 256, 256) in 0..1, batch.captions

A batch is made of small groups of one subject each, so that the drawing is vectorised. Pictures
are drawn free, or as a function of latent noise (see canvas.py). The same seed gives the same
pictures and captions on the same machine; the global generators stay untouched.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from training import captions, palettes
from training.canvas import PIXELS_PER_CELL, Canvas, over, smoothstep
from training.captions import Look
from training.subjects import SUBJECTS, Subject

GROUP = 8


@dataclass(frozen=True)
class Batch:
    """`noise` (n, 4, h / 8, w / 8) is what the pictures were drawn from, None where free."""

    images: Tensor
    captions: list[str]
    looks: list[Look]
    noise: Tensor | None = None


class Pictures:
    """`size` in pixels: the side of a square or (height, width)."""

    def __init__(
        self,
        seed: int,
        size: int | tuple[int, int] = 256,
        extra: Mapping[str, Sequence[str]] | None = None,
        device: torch.device | str = "cpu",
    ):
        self.size, self.extra = size, extra
        self.chance = random.Random(seed)
        self.generator = torch.Generator(device).manual_seed(seed)
        self._deck: list[Subject] = []

    def draw(self, count: int, from_noise: bool = False) -> Batch:
        """Pictures of as many subjects as fit, in groups of one subject each."""
        groups = []
        while count > 0:
            noise = self.noise(min(GROUP, count)) if from_noise else None
            groups.append(self.draw_subject(self.next_subject(), min(GROUP, count), noise))
            count -= GROUP
        return Batch(
            torch.cat([group.images for group in groups]),
            [caption for group in groups for caption in group.captions],
            [look for group in groups for look in group.looks],
            torch.cat([group.noise for group in groups]) if from_noise else None,
        )

    def draw_subject(self, subject: Subject, count: int, noise: Tensor | None = None) -> Batch:
        looks = [captions.choose(subject, self.chance, self.extra) for _ in range(count)]
        words = [captions.caption(look, self.chance) for look in looks]
        images = self.paint(self.tone(subject, count, noise), looks)
        return Batch(images, words, looks, noise)

    def noise(self, count: int) -> Tensor:
        """Latent noise for pictures of this size."""
        sides = (self.size, self.size) if isinstance(self.size, int) else self.size
        shape = (count, 4, *(side // PIXELS_PER_CELL for side in sides))
        return torch.randn(shape, generator=self.generator, device=self.generator.device)

    def tone(
        self,
        subject: Subject,
        count: int,
        noise: Tensor | None = None,
        second: Subject | None = None,
    ) -> Tensor:
        """Tone maps (count, h, w), of one subject or of one that runs into a second.

        One group of free patterns in ten comes as its negative.
        """
        tone = self._drawn(subject, count, noise)
        if second:
            mask = Canvas(count, self.size, self.generator, noise).fbm(2, 2)
            tone = over(tone, self._drawn(second, count, noise), smoothstep(0.4, 0.6, mask))
        negative = noise is None and not subject.scene and self.chance.random() < 0.1
        return 1 - tone if negative else tone

    def _drawn(self, subject: Subject, count: int, noise: Tensor | None) -> Tensor:
        canvas = Canvas(count, self.size, self.generator, noise, subject.seed)
        return torch.nan_to_num(subject.draw(canvas)).clamp(0, 1)

    def next_second(self, first: Subject) -> Subject | None:
        """Now and then another subject to run into the first."""
        if self.chance.random() >= captions.PAIRED:
            return None
        return self.chance.choice([subject for subject in SUBJECTS if subject is not first])

    @staticmethod
    def paint(tone: Tensor, looks: Sequence[Look]) -> Tensor:
        colours = torch.stack([palettes.named(look.paint.name) for look in looks])
        images = palettes.coloured(tone, colours.to(tone.device))
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
