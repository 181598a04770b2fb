"""The UNet's training set: latents of drawn pictures with the text states of their captions.

Each shape is drawn once and painted twice, with two looks and two captions, and everything is
kept mirrored too. So row i and row i ^ 1 show the same shape in different colours: the pair from
which the network learns to repaint a frame for a new prompt and keep its geometry.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import AutoencoderTiny
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from training import captions, tokens
from training.pictures import GROUP, Pictures


@dataclass(frozen=True)
class Latents:
    """z (n, 2, 4, h, w) plain and mirrored, ids (n, 24); neighbours 2k and 2k + 1 share a shape."""

    z: Tensor
    ids: Tensor

    def __len__(self) -> int:
        return len(self.z)


@torch.no_grad()
def make(
    vae: AutoencoderTiny,
    tokenizer: CLIPTokenizer,
    count: int,
    size: int,
    seed: int,
    extra: dict[str, list[str]] | None = None,
) -> Latents:
    vae = vae.to(memory_format=torch.channels_last)
    pictures = Pictures(seed, size, extra)
    z, spoken = [], []
    for _ in range(count // (2 * GROUP)):
        images, said = two_paintings(pictures)
        z.append(encode(vae, images).half())
        spoken += said
    return Latents(torch.cat(z), tokens.encode(tokenizer, spoken).short())


def two_paintings(pictures: Pictures) -> tuple[Tensor, list[str]]:
    """One group of shapes painted twice, the two paintings of a shape side by side."""
    subject, chance = pictures.next_subject(), pictures.chance
    tone = pictures.tone(subject, GROUP).repeat_interleave(2, 0)
    looks = [captions.choose(subject, chance, pictures.extra) for _ in tone]
    return pictures.paint(tone, looks), [captions.caption(look, chance) for look in looks]


def encode(vae: AutoencoderTiny, images: Tensor, chunk: int = 4) -> Tensor:
    """Scaled latents of pictures and of their mirror images, (n, 2, 4, h, w).

    Few pictures at a time, channels last and in bfloat16: five times as fast on a processor.
    """
    both = torch.stack([images, images.flip(-1)], 1).flatten(0, 1) * 2 - 1
    both = both.contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        z = torch.cat([vae.encoder(part) for part in both.split(chunk)])
    return z.float().unflatten(0, (-1, 2)) * vae.config.scaling_factor


@torch.no_grad()
def states(encoder: CLIPTextModel, ids: Tensor, batch: int = 256) -> Tensor:
    """What the UNet attends to, (n, 24, width), half precision."""
    runs = [encoder(input_ids=part.int()).last_hidden_state.half() for part in ids.split(batch)]
    return torch.cat(runs)


def save(latents: Latents, path: Path) -> None:
    temporary = path.with_suffix(".writing")
    torch.save({"z": latents.z, "ids": latents.ids}, temporary)
    os.replace(temporary, path)


def load(paths: list[Path]) -> Latents:
    parts = [torch.load(path, weights_only=True) for path in paths]
    return Latents(
        torch.cat([part["z"] for part in parts]), torch.cat([part["ids"] for part in parts])
    )
