"""Looks at a trained model: one step from noise, from a frame, and in a feedback loop.

    python -m training.steer noise out.png         # one step from pure noise, many prompts
    python -m training.steer frames out.png        # one prompt over a foreign frame, many strengths
    python -m training.steer loop out.png          # a feedback loop whose prompt changes
    python -m training.steer measure               # how red is "red"; no picture

The engine calls the modules the same way: encode, x = a z + s e, one UNet call, decode.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.diffusion.noise import placed
from training import diffusion, export, tokens, unet
from training.pictures import Pictures
from training.sheet import save_sheet
from training.subjects import BY_NAME, SUBJECTS

PURE_NOISE = 999


@dataclass
class Model:
    """The four trained parts, called one step at a time on pictures in 0..1."""

    vae: torch.nn.Module
    encoder: torch.nn.Module
    tokenizer: object
    unet: torch.nn.Module

    @classmethod
    def shipped(cls, folder: Path = export.FOLDER) -> "Model":
        pipe = export.load(folder)
        return cls(pipe.vae, pipe.text_encoder, pipe.tokenizer, pipe.unet)

    @torch.no_grad()
    def prompt(self, texts: list[str]) -> Tensor:
        return self.encoder(input_ids=tokens.encode(self.tokenizer, texts)).last_hidden_state

    @torch.no_grad()
    def step(self, images: Tensor | None, states: Tensor, noise: Tensor, t: int) -> Tensor:
        """One step from images at timestep t, or from noise alone where images is None."""
        scale = self.vae.config.scaling_factor
        times = torch.full((len(noise),), t)
        x = noise
        if images is not None:
            x = diffusion.noised(self.vae.encoder(images * 2 - 1) * scale, noise, times)
        v = self.unet(x, times, encoder_hidden_states=states, return_dict=False)[0]
        z = diffusion.denoised(x, v, times)
        return (self.vae.decoder(z / scale) / 2 + 0.5).clamp(0, 1)


def noise(count: int, seed: int, size: int = 256) -> Tensor:
    """As the engine gives it: it tells position, too."""
    generator = torch.Generator().manual_seed(seed)
    return placed(torch.randn(count, 4, size // 8, size // 8, generator=generator), unet.POSITION)


def moved(images: Tensor, zoom: float = 1.03, turn: float = 0.02) -> Tensor:
    """The camera of a feedback loop: a little closer, a little turned."""
    cos, sin = torch.cos(torch.tensor(turn)) / zoom, torch.sin(torch.tensor(turn)) / zoom
    matrix = torch.stack([cos, -sin, cos * 0, sin, cos, cos * 0]).view(1, 2, 3)
    grid = F.affine_grid(matrix.expand(len(images), 2, 3), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)


def noise_sheet(model: Model, path: Path, size: int = 256) -> None:
    """Every subject by its own name, in one step and then in two and four loop turns."""
    prompts = [subject.phrases[0] for subject in SUBJECTS]
    prompts += [
        "red fire",
        "blue fire",
        "neon city",
        "pastel clouds",
        "chrome blobs",
        "dark forest",
    ]
    prompts += [
        "green spiral",
        "rainbow mandala",
        "dragon",
        "coral reef",
        "gothic cathedral",
        "icy",
    ]
    states, e = model.prompt(prompts), noise(len(prompts), 5, size)
    first = model.step(None, states, e, PURE_NOISE)
    second = model.step(first, states, noise(len(prompts), 6, size), 699)
    fourth = second
    for seed in (7, 8):
        fourth = model.step(fourth, states, noise(len(prompts), seed, size), 499)
    images = torch.stack([first, second, fourth], 1).flatten(0, 1)
    labels = [label for prompt in prompts for label in (prompt, "2", "4")]
    save_sheet(images, labels, path, 12, 128)


def frames_sheet(model: Model, path: Path, size: int = 256) -> None:
    """Rows: a foreign frame and a prompt. Columns: the frame, then t from 300 to 900."""
    rows = [("city", "fire"), ("rings", "blue ocean"), ("fire", "green forest")]
    rows += [("clouds", "neon spiral"), ("galaxy", "red mandala"), ("flower", "icy crystals")]
    pictures, images, labels = Pictures(3, size), [], []
    for name, prompt in rows:
        frame = pictures.draw_subject(BY_NAME[name], 1).images
        images.append(frame)
        labels.append(name)
        for t in (300, 400, 500, 600, 700, 800, 900):
            images.append(model.step(frame, model.prompt([prompt]), noise(1, 4, size), t))
            labels.append(f"{prompt} {t}")
    save_sheet(torch.cat(images), labels, path, 8, 160)


LOOP_PROMPTS = ("red fire", "blue ocean", "neon city", "gold mandala", "green forest", "galaxy")


def loop_sheet(model: Model, path: Path, size: int = 256, turns: int = 16) -> None:
    """A row for each timestep; the prompt changes every `turns` frames, four of them are shown."""
    images, labels = [], []
    shown = (0, 1, 3, turns - 1)
    for t in (350, 500, 650):
        frame = Pictures(8, size).draw_subject(BY_NAME["plasma"], 1).images
        draw = torch.Generator().manual_seed(9)
        shape = (1, 4, size // 8, size // 8)
        e = torch.randn(shape, generator=draw)
        for prompt in LOOP_PROMPTS:
            states = model.prompt([prompt])
            for turn in range(turns):
                e = 0.95**0.5 * e + 0.05**0.5 * torch.randn(shape, generator=draw)
                frame = model.step(moved(frame), states, placed(e, unet.POSITION), t)
                if turn in shown:
                    images.append(frame)
                    labels.append(f"{prompt} {t} #{turn}")
    save_sheet(torch.cat(images), labels, path, len(shown) * 3, 128)


def settled(model: Model, prompt: str, frame: Tensor | None, turns: int, t: int = 600) -> Tensor:
    """The frame after some turns of the loop; from pure noise where none is given."""
    states = model.prompt([prompt])
    for turn in range(turns):
        at = PURE_NOISE if frame is None else t
        frame = model.step(frame, states, noise(1, turn), at)
    return frame


def redness(model: Model, count: int = 6) -> dict[str, float]:
    """Mean of red minus blue after one step from noise, for opposite prompts."""
    result = {}
    for words in ("red", "blue"):
        prompts = [f"{words} {subject.name}" for subject in SUBJECTS[:count]]
        images = model.step(None, model.prompt(prompts), noise(count, 2), PURE_NOISE)
        result[words] = float((images[:, 0] - images[:, 2]).mean())
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("noise", "frames", "loop", "measure"))
    parser.add_argument("path", type=Path, nargs="?", default=Path("training/out/steer.png"))
    parser.add_argument("--folder", type=Path, default=export.FOLDER)
    parser.add_argument("--size", type=int, default=256)
    args = parser.parse_args()
    model = Model.shipped(args.folder)
    if args.what == "measure":
        print(redness(model))
        return
    draw = {"noise": noise_sheet, "frames": frames_sheet, "loop": loop_sheet}[args.what]
    draw(model, args.path, args.size)


if __name__ == "__main__":
    main()
