"""The commands of the ear's kitchen; see the package's docstring."""

from __future__ import annotations

import argparse


def main() -> None:
    """Read the command line and run one of rows, train, export, score, drops."""
    parser = argparse.ArgumentParser(prog="python -m training.ear", description=__doc__)
    parser.add_argument("what", choices=("rows", "train", "export", "score", "drops"))
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=3e-3, help="of the steps at first")
    parser.add_argument("--name", nargs="+", default=["state"], help="under training/out/ear")
    parser.add_argument("--start", default="", help="a state from which a new one begins")
    parser.add_argument("--hidden", type=int, default=80, help="units of a new one")
    parser.add_argument("--lanes", type=int, default=32, help="pieces heard at once")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--split", choices=("train", "valid", "final"), default="valid")
    parser.add_argument("--pieces", type=int, default=1000)
    options = parser.parse_args()
    if options.what == "rows":
        from training.ear.rows import write_bands

        print({split: write_bands(split) for split in ("train", "valid")})
    elif options.what == "train":
        from training.ear.train import train

        train(options.minutes, options.name[0], options.rate, options.seed, options.start,
              options.hidden, options.lanes)
    elif options.what == "export":
        from engine.audio.network import WEIGHTS
        from training.ear.model import export
        from training.ear.train import load_average

        export([load_average(name) for name in options.name], WEIGHTS)
    elif options.what == "drops":
        from training.ear.drops import main as drops

        drops()
    else:
        from training.ear.score import main as score

        score(options.split, options.name, options.pieces)


if __name__ == "__main__":
    main()
