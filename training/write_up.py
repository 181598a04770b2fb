"""Writes training/REPORT.md: data, stages, scores and sheets, from what training left behind.

    python -m training.write_up

The losses come from the JSON lines beside the checkpoints, the scores from evaluation.json, which
`python -m training.evaluate` leaves in the same folder. What people wrote under "## Notes" in the
present report is kept as it is.
"""

import argparse
import json
import platform
from pathlib import Path
from typing import Any

import torch

from training import export, loop, palettes, train
from training.styles import STYLES
from training.subjects import SUBJECTS

REPORT = Path(__file__).with_name("REPORT.md")
NOTES = "## Notes"
STAGES = ("autoencoder", "polish", "words", "unet_small", "unet_full")
LOSS = {"autoencoder": "l1", "polish": "l1_twice", "words": "cosine"}


def written(out: Path, folder: Path, notes: str) -> str:
    parts = [
        "# How the small model was made",
        "`make model` makes it again; stages that are done are skipped, a broken run goes on at "
        f"its last checkpoint. Device: {device()}.",
        "## Data",
        data(),
        "## Training",
        stages(out),
        f"The folder holds {export.size_of(folder) / 1e6:.1f} MB.",
        *scores(out),
        notes,
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def device() -> str:
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"processor ({platform.machine()}), {torch.get_num_threads()} threads"


def data() -> str:
    phrases = sum(len(subject.phrases) for subject in SUBJECTS)
    lines = [
        f"Drawn, not collected: {len(SUBJECTS)} subjects with {phrases} phrases, "
        f"{len(palettes.COLOURS)} colours and {len(palettes.THEMES)} colour schemes, "
        f"{len(STYLES)} styles. `python -m training.sheet subjects out.png` shows them.",
        "",
        "| paintings | height x width |",
        "|---|---|",
    ]
    for sizes in train.PAINTINGS.values():
        lines += [f"| {count:,} | {size[0]} x {size[1]} |" for size, count in sizes.items()]
    return "\n".join(lines)


def stages(out: Path) -> str:
    """What each checkpoint says of itself, and its first and last mean loss where kept."""
    lines = ["| stage | minutes | steps | measure | first | last |", "|---|---|---|---|---|---|"]
    for stage in STAGES:
        path, name = out / f"{stage}.pt", LOSS.get(stage, "error")
        if not path.exists():
            continue
        state = torch.load(path, weights_only=True, map_location="cpu")
        log = loop.log_path(path)
        rows = [json.loads(row) for row in log.read_text().splitlines()] if log.exists() else []
        ends = (f"{rows[0][name]:.3f}", f"{rows[-1][name]:.3f}") if rows else ("", "")
        minutes = f"{state['seconds'] / 60:.1f}"
        lines.append(f"| {stage} | {minutes} | {state['step']:,} | {name} | {' | '.join(ends)} |")
    return "\n".join(lines)


def scores(out: Path) -> list[str]:
    path = out / "evaluation.json"
    if not path.exists():
        return []
    found = json.loads(path.read_text())
    aims = ["| figure | value | aim | |", "|---|---|---|---|"]
    for name, aim in found["aims"].items():
        mark = "reached" if aim["reached"] else "**missed**"
        aims.append(f"| {name} | {aim['value']:.3f} | {wanted(aim)} | {mark} |")
    parts = {name: part for name, part in found.items() if isinstance(part, dict)}
    parts.pop("aims")
    more = ["| figure | value |", "|---|---|"]
    more += [f"| {name} | {value} |" for name, value in flat(parts) if name not in found["aims"]]
    title = "## Scores (`python -m training.evaluate`)"
    return [title, "\n".join(aims), "Everything that was measured:", "\n".join(more)]


def wanted(aim: dict[str, float | None]) -> str:
    low, high = aim["low"], aim["high"]
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    return f"at least {low:g}" if high is None else f"at most {high:g}"


def flat(value: Any, name: str = "", depth: int = 2) -> list[tuple[str, Any]]:
    """Nested figures as rows; what lies deeper, and lists, stay in the JSON."""
    if isinstance(value, dict):
        pairs = [flat(each, f"{name} {key}".strip(), depth - 1) for key, each in value.items()]
        return [row for rows in pairs for row in rows] if depth else []
    return [] if isinstance(value, list) else [(name, value)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "out")
    parser.add_argument("--folder", type=Path, default=export.FOLDER)
    parser.add_argument("--report", type=Path, default=REPORT)
    args = parser.parse_args()
    before = args.report.read_text(encoding="utf-8") if args.report.exists() else ""
    notes = NOTES + before.partition(NOTES)[2] if NOTES in before else ""
    args.report.write_text(written(args.out, args.folder, notes), encoding="utf-8")
    print(args.report)


if __name__ == "__main__":
    main()
