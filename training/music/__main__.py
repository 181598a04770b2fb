"""Writes a split: `python -m training.music --minutes 60 --split train --out FOLDER`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from training.music.dataset import SHARES, SPLITS, missing, narrow, write


def main() -> None:
    """Read the command line and write."""
    parser = argparse.ArgumentParser(prog="python -m training.music", description=__doc__)
    parser.add_argument("--minutes", type=float, required=True, help="of sound, in all")
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument("--out", type=Path, default=Path("training/out/music"))
    parser.add_argument("--kinds", nargs="+", choices=tuple(SHARES), default=tuple(SHARES))
    options = parser.parse_args()
    if lacking := missing(tuple(options.kinds)):
        parser.error(f"these kinds need Debian's {lacking}")
    if options.split == "train" and (lacking := narrow()):
        print(f"fewer sounds: Debian's {lacking} would make this wider", file=sys.stderr)
    there = write(options.split, options.minutes, options.out, tuple(options.kinds))
    print(f"{there:.1f} minutes in {options.out / options.split}")


if __name__ == "__main__":
    main()
