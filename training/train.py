"""The whole chain, from an empty folder to the model that ships.

    python -m training.train                    # everything, resumable; stages that are done skip
    python -m training.train --only words       # one stage, to run two side by side
    python -m training.train --minutes unet_small=120 unet_full=60

More minutes take a finished stage up again. Everything between stages lies in training/out:
checkpoints, the tokenizer, cached latents. Break it off whenever you like and start it again.
"""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

import torch
from transformers import CLIPTokenizer

from training import autoencoder, export, latents, loop, minilm, steer, tokens, unet, words
from training.loop import Budget

MINUTES = {
    "autoencoder": 10.0,
    "polish": 3.5,
    "words": 10.0,
    "unet_small": 44.0,
    "unet_full": 43.0,
}
PAINTINGS = {
    "small": {(128, 128): 64_000},
    "full": {(256, 256): 16_000, (192, 320): 14_400, (256, 384): 3_200, (320, 192): 2_400},
}
"""How many paintings of each (height, width), for the two stages of the UNet."""
SHARES = {"small": (1.0,), "full": (0.45, 0.4, 0.1, 0.05)}


class Chain:
    """The stages in order; each reads what the ones before it left in `out`."""

    def __init__(
        self, out: Path, seed: int, minutes: dict[str, float], folder: Path, device: str = "cpu"
    ):
        self.out, self.seed, self.minutes, self.folder = out, seed, minutes, folder
        self.device = device

    def stages(self) -> dict[str, Callable[[], object]]:
        return {
            "autoencoder": self.fit_autoencoder,
            "polish": self.fit_polish,
            "words": self.fit_words,
            "latents_small": lambda: self.make_latents("small"),
            "unet_small": lambda: self.fit_unet("small", 1.5e-3, batch=48),
            "latents_full": lambda: self.make_latents("full"),
            "unet_full": lambda: self.fit_unet("full", 1.1e-3, batch=24, start="unet_small"),
            "export": self.write,
        }

    def path(self, stage: str) -> Path:
        return self.out / f"{stage}.pt"

    def train(self, stage: str, task: Callable[[], loop.Task]) -> None:
        """Build the task only where its stage is not done: that may mean drawing for minutes."""
        budget = Budget(self.minutes[stage])
        if not loop.is_done(self.path(stage), budget):
            loop.train(task(), self.path(stage), budget, self.seed)

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
        if loop.is_done(self.path("words"), Budget(self.minutes["words"])):
            return
        lesson = words.prepare(self.out, self.seed)
        task = words.TextTask(self.seed, lesson, len(self.tokenizer()))
        loop.train(task, self.path("words"), Budget(self.minutes["words"]), self.seed)
        print(f"words  cosine {words.held_out_cosine(task):.3f} on words held out")

    def make_latents(self, stage: str) -> None:
        vae = autoencoder.finished(self.path("autoencoder"))
        extra = minilm.read_words(self.out)
        for size, count in PAINTINGS[stage].items():
            path = self.latents_path(size)
            if not path.exists():
                seed = self.seed + 1000 * size[0] + size[1]
                made = latents.make(vae, self.tokenizer(), count, size, seed, extra, self.device)
                latents.save(made, path)

    def latents_path(self, size: tuple[int, int]) -> Path:
        return self.out / f"latents_{size[0]}x{size[1]}.pt"

    def fit_unet(self, stage: str, peak_lr: float, batch: int, start: str = "") -> None:
        path, first = self.path(f"unet_{stage}"), self.path(start) if start else None
        budget = Budget(self.minutes[path.stem])
        if loop.is_done(path, budget):
            return
        task = unet.RegressionTask(
            self.seed, self.data(stage), peak_lr, batch, first, device=self.device
        )
        side = min(next(iter(PAINTINGS[stage])))
        loop.train(task, path, budget, self.seed, lambda step: self.draw(path, task, side, step))

    def draw(self, path: Path, task: unet.RegressionTask, side: int, step: int) -> None:
        """A sheet of what the averaged weights make of every subject."""
        network = unet.build().eval()
        network.load_state_dict({name: w.cpu() for name, w in task.ema.weights.items()})
        tokenizer = self.tokenizer()
        encoder = words.finished(self.path("words"), tokenizer)
        vae = autoencoder.finished(self.path("polish"))
        model = steer.Model(vae, encoder, tokenizer, network)
        steer.noise_sheet(model, self.out / "sheets" / f"{path.stem}_{step:06}.png", side)

    def write(self) -> None:
        export.write(
            autoencoder.finished(self.path("polish")),
            words.finished(self.path("words"), self.tokenizer()),
            self.out / "tokenizer",
            unet.finished(self.path("unet_full")),
            self.folder,
        )
        export.check(self.folder)
        print(f"export  {self.folder}  {export.size_of(self.folder) / 1e6:.1f} MB")

    def tokenizer(self) -> CLIPTokenizer:
        return CLIPTokenizer.from_pretrained(self.out / "tokenizer")

    def data(self, stage: str) -> unet.Data:
        tokenizer = self.tokenizer()
        encoder = words.finished(self.path("words"), tokenizer)
        shelves = [latents.load(self.latents_path(size)) for size in PAINTINGS[stage]]
        return unet.Data(shelves, encoder, tokens.encode(tokenizer, [""]), SHARES[stage])


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
    device = "cuda" if torch.cuda.is_available() else "cpu"
    parser.add_argument("--device", default=device, help="that draws and trains the UNet")
    parser.add_argument("--threads", type=int, default=1, help="of each operation")
    parser.add_argument("--workers", type=int, default=unet.WORKERS, help="that share a UNet batch")
    args = parser.parse_args()
    unet.WORKERS = args.workers
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    torch.set_num_threads(args.threads)
    minutes_of = MINUTES | dict(args.minutes)
    chain = Chain(args.out, args.seed, minutes_of, args.folder, args.device)
    for name, stage in chain.stages().items():
        if args.only in (None, name):
            stage()


if __name__ == "__main__":
    main()
