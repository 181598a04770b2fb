"""The whole chain, from an empty folder to the model that ships.

    python -m training.train                    # everything, resumable; stages that are done skip
    python -m training.train --only words       # one stage, to run two side by side
    python -m training.train --minutes unet128=120 unet256=60

Everything between stages lies in training/out: checkpoints, the tokenizer, cached latents. Break
it off whenever you like and start it again.
"""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

import torch
from transformers import CLIPTokenizer

from training import autoencoder, export, latents, loop, minilm, sharpen, tokens, unet, words
from training.loop import Budget

MINUTES = {
    "autoencoder": 10.0,
    "polish": 3.5,
    "words": 9.0,
    "unet128": 33.0,
    "unet256": 15.0,
    "sharpen": 17.0,
}
PAINTINGS = {128: 28_000, 256: 7_000}


class Chain:
    """The stages in order; each reads what the ones before it left in `out`."""

    def __init__(self, out: Path, seed: int, minutes: dict[str, float], folder: Path):
        self.out, self.seed, self.minutes, self.folder = out, seed, minutes, folder

    def stages(self) -> dict[str, Callable[[], object]]:
        return {
            "autoencoder": self.fit_autoencoder,
            "polish": self.fit_polish,
            "words": self.fit_words,
            "latents128": lambda: self.make_latents(128),
            "unet128": lambda: self.fit_unet(128, peak_lr=1e-3, batch=48),
            "latents256": lambda: self.make_latents(256),
            "unet256": lambda: self.fit_unet(256, peak_lr=4e-4, batch=24, start="unet128"),
            "sharpen": self.fit_sharpen,
            "export": self.write,
        }

    def path(self, stage: str) -> Path:
        return self.out / f"{stage}.pt"

    def train(self, stage: str, task: Callable[[], loop.Task]) -> None:
        """Build the task only where its stage is not done: that may mean drawing for minutes."""
        if not loop.is_done(self.path(stage)):
            loop.train(task(), self.path(stage), Budget(self.minutes[stage]), self.seed)

    def fit_autoencoder(self) -> None:
        self.train("autoencoder", lambda: autoencoder.AutoencoderTask(self.seed))
        vae = autoencoder.finished(self.path("autoencoder"))
        print(f"autoencoder  {autoencoder.psnr(vae, self.seed + 98):.2f} dB")

    def fit_polish(self) -> None:
        start = self.path("autoencoder")
        self.train("polish", lambda: autoencoder.PolishTask(self.seed + 1, start))
        vae = autoencoder.finished(self.path("polish"))
        print(f"polish  {autoencoder.psnr(vae, self.seed + 98):.2f} dB")

    def fit_words(self) -> None:
        if loop.is_done(self.path("words")):
            return
        lesson = words.prepare(self.out, self.seed)
        task = words.TextTask(self.seed, lesson, len(self.tokenizer()))
        loop.train(task, self.path("words"), Budget(self.minutes["words"]), self.seed)
        print(f"words  cosine {words.held_out_cosine(task):.3f} on words held out")

    def make_latents(self, size: int) -> None:
        path = self.out / f"latents{size}.pt"
        if path.exists():
            return
        vae = autoencoder.finished(self.path("autoencoder"))
        extra = minilm.read_words(self.out)
        count, seed = PAINTINGS[size], self.seed + size
        latents.save(latents.make(vae, self.tokenizer(), count, size, seed, extra), path)

    def fit_unet(self, size: int, peak_lr: float, batch: int, start: str = "") -> None:
        first = self.path(start) if start else None
        self.train(
            f"unet{size}",
            lambda: unet.DiffusionTask(self.seed, self.data(size), peak_lr, batch, first),
        )

    def fit_sharpen(self) -> None:
        start = self.path("unet256")
        self.train("sharpen", lambda: sharpen.SharpenTask(self.seed, self.data(256), start))

    def write(self) -> None:
        export.write(
            autoencoder.finished(self.path("polish")),
            words.finished(self.path("words"), self.tokenizer()),
            self.out / "tokenizer",
            sharpen.blended(self.path("unet256"), self.path("sharpen")),
            self.folder,
        )
        export.check(self.folder)
        print(f"export  {self.folder}  {export.size_of(self.folder) / 1e6:.1f} MB")

    def tokenizer(self) -> CLIPTokenizer:
        return CLIPTokenizer.from_pretrained(self.out / "tokenizer")

    def data(self, size: int) -> unet.Data:
        tokenizer = self.tokenizer()
        encoder = words.finished(self.path("words"), tokenizer)
        rows = latents.load(sorted(self.out.glob(f"latents{size}*.pt")))
        return unet.Data(rows, encoder, tokens.encode(tokenizer, [""]))


def minutes(text: str) -> tuple[str, float]:
    stage, _, value = text.partition("=")
    if stage not in MINUTES:
        raise argparse.ArgumentTypeError(f"{stage!r} is none of {', '.join(MINUTES)}")
    return stage, float(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "out")
    parser.add_argument("--folder", type=Path, default=export.FOLDER, help="what ships")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", metavar="STAGE", help="run this stage alone")
    parser.add_argument("--minutes", type=minutes, nargs="*", default=[], metavar="STAGE=MINUTES")
    parser.add_argument("--threads", type=int, default=1, help="of each operation")
    parser.add_argument("--workers", type=int, default=unet.WORKERS, help="that share a UNet batch")
    args = parser.parse_args()
    unet.WORKERS = args.workers
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    torch.set_num_threads(args.threads)
    chain = Chain(args.out, args.seed, MINUTES | dict(args.minutes), args.folder)
    for name, stage in chain.stages().items():
        if args.only in (None, name):
            stage()


if __name__ == "__main__":
    main()
