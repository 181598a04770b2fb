"""Contact sheets: many small pictures with a word under each, to be looked at by a person.

python -m training.sheet subjects out.png      # every subject, four pictures each
python -m training.sheet styles out.png        # a few subjects in every style
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image, ImageDraw
from torch import Tensor

from training.palettes import coloured, named
from training.pictures import Pictures
from training.styles import STYLES
from training.subjects import BY_NAME, SUBJECTS

LABEL = 14


def save_sheet(images: Tensor, labels: Sequence[str], path: Path, columns: int, side: int) -> None:
    """Pictures (n, 3, s, s) in 0..1, laid out in rows of `columns`, each `side` pixels wide."""
    rows = -(-len(images) // columns)
    page = Image.new("RGB", (columns * side, rows * (side + LABEL)))
    pen = ImageDraw.Draw(page)
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        x, y = i % columns * side, i // columns * (side + LABEL)
        pixels = (image.clamp(0, 1) * 255).byte().permute(1, 2, 0).numpy()
        page.paste(Image.fromarray(pixels).resize((side, side)), (x, y + LABEL))
        pen.text((x + 2, y + 1), label[: side // 6], fill=(230, 230, 230))
    path.parent.mkdir(parents=True, exist_ok=True)
    page.save(path)


def subjects_sheet(path: Path, seed: int) -> None:
    pictures = Pictures(seed, 256)
    batches = [pictures.draw_subject(subject, 4) for subject in SUBJECTS]
    labels = [caption for batch in batches for caption in batch.captions]
    save_sheet(torch.cat([batch.images for batch in batches]), labels, path, 12, 128)


def styles_sheet(path: Path, seed: int) -> None:
    pictures, images, labels = Pictures(seed, 256), [], []
    for name in ("plasma", "tunnel", "flower", "city", "sunset", "fire"):
        tone = pictures.tone(BY_NAME[name], 1)
        plain = coloured(tone, named(BY_NAME[name].natural[0])[None])
        for label, image in [("plain", plain)] + [(s.name, s.apply(plain)) for s in STYLES]:
            images.append(image.clamp(0, 1))
            labels.append(f"{name} {label}")
    save_sheet(torch.cat(images), labels, path, len(STYLES) + 1, 160)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("subjects", "styles"))
    parser.add_argument("path", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    draw = subjects_sheet if args.what == "subjects" else styles_sheet
    draw(args.path, args.seed)


if __name__ == "__main__":
    main()
