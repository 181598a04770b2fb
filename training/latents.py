"""The UNet's training set: latents of drawn pictures, their noise, and the tokens of captions.

Each shape is painted twice, with two looks; so row i and row i ^ 1 show the same shape in different
colours: the pair from which the network learns to repaint a frame for a new prompt and keep its
geometry. Each painting has two captions. Most shapes are drawn from noise (see canvas.py), which is
kept with them; the others are free, and only the source picture tells what they are.
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

FROM_NOISE = 0.62
CAPTIONS = 2


@dataclass(frozen=True)
class Latents:
    """z and noise (n, 4, h, w), ids (n, CAPTIONS, 24), free (n,): true where noise says nothing."""

    z: Tensor
    noise: Tensor
    free: Tensor
    ids: Tensor

    def __len__(self) -> int:
        return len(self.z)


@torch.no_grad()
def make(
    vae: AutoencoderTiny,
    tokenizer: CLIPTokenizer,
    count: int,
    size: int | tuple[int, int],
    seed: int,
    extra: dict[str, list[str]] | None = None,
    device: str = "cpu",
) -> Latents:
    """`count` paintings drawn and encoded on `device`; the result is on the processor."""
    vae = vae.to(device, memory_format=torch.channels_last)
    pictures = Pictures(seed, size, extra, device)
    z, noise, free, said = [], [], [], []
    for _ in range(count // (2 * GROUP)):
        images, own_noise, is_free, words = two_paintings(pictures)
        z.append(encode(vae, images).half().cpu())
        noise.append(own_noise.half().cpu())
        free.append(torch.full((len(images),), is_free))
        said += words
    vae.cpu()
    ids = tokens.encode(tokenizer, said).short().unflatten(0, (-1, CAPTIONS))
    return Latents(torch.cat(z), torch.cat(noise), torch.cat(free), ids)


def two_paintings(pictures: Pictures) -> tuple[Tensor, Tensor, bool, list[str]]:
    """One group of shapes painted twice, side by side; their noise; CAPTIONS captions of each."""
    subject, chance = pictures.next_subject(), pictures.chance
    second = pictures.next_second(subject)
    noise, is_free = pictures.noise(GROUP), chance.random() >= FROM_NOISE
    tone = pictures.tone(subject, GROUP, None if is_free else noise, second)
    looks = [captions.choose(subject, chance, pictures.extra, second) for _ in range(2 * GROUP)]
    words = [captions.caption(look, chance) for look in looks for _ in range(CAPTIONS)]
    images = pictures.paint(tone.repeat_interleave(2, 0), looks)
    return images, noise.repeat_interleave(2, 0), is_free, words


def encode(vae: AutoencoderTiny, images: Tensor) -> Tensor:
    """Scaled latents of pictures, (n, 4, h / 8, w / 8).

    Few pictures at a time, channels last and in bfloat16: five times as fast on a processor.
    """
    chunk = 4 if images.device.type == "cpu" else len(images)
    ready = (images * 2 - 1).contiguous(memory_format=torch.channels_last)
    with torch.autocast(images.device.type, torch.bfloat16):
        z = torch.cat([vae.encoder(part) for part in ready.split(chunk)])
    return z.float().contiguous() * vae.config.scaling_factor


@torch.no_grad()
def states(encoder: CLIPTextModel, ids: Tensor, batch: int = 256) -> Tensor:
    """What the UNet attends to, (n, 24, width), half precision."""
    runs = [encoder(input_ids=part.int()).last_hidden_state.half() for part in ids.split(batch)]
    return torch.cat(runs)


def save(latents: Latents, path: Path) -> None:
    temporary = path.with_suffix(".writing")
    torch.save(vars(latents), temporary)
    os.replace(temporary, path)


def load(path: Path) -> Latents:
    return Latents(**torch.load(path, weights_only=True))
