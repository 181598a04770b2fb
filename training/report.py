"""Figures with their aims: a readable table while it goes, one JSON object at the end.

Numbers flow in as they are measured; nothing is judged here but whether a number is in its range.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

MISSED, REACHED = "missed", "reached"


def bar(items: Iterable, label: str, total: int) -> Iterable:
    """A progress bar on standard error, or nothing where that is no terminal."""
    console = Console(stderr=True)
    return track(items, label, total, console=console, disable=not console.is_terminal)


@dataclass
class Report:
    """`aims` holds what was asked and reached, `figures` everything that was measured."""

    aims: dict[str, dict[str, Any]] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)

    def title(self, text: str) -> None:
        print(f"\n{text}", flush=True)

    def aim(
        self, name: str, value: float, low: float | None = None, high: float | None = None
    ) -> None:
        """A figure with an aim: at least `low`, at most `high`, or between both."""
        reached = (low is None or value >= low) and (high is None or value <= high)
        self.aims[name] = {"value": value, "low": low, "high": high, "reached": reached}
        wanted = f"{low:g} to {high:g}" if None not in (low, high) else (
            f"at least {low:g}" if high is None else f"at most {high:g}")  # fmt: skip
        mark = REACHED if reached else MISSED
        print(f"  {name:34}{value:9.3f}   aim {wanted:16} {mark}", flush=True)

    def keep(self, part: str, values: Mapping[str, Any]) -> None:
        """Figures for the JSON object, under the name of their part."""
        self.figures.setdefault(part, {}).update(rounded(values))

    def note(self, name: str, value: float | str) -> None:
        shown = value if isinstance(value, str) else f"{value:9.3f}"
        print(f"  {name:34}{shown}", flush=True)

    def shares(self, rows: Mapping[str, tuple[float, str]], columns: int = 2) -> None:
        """Shares by name, worst first, with what was said instead."""
        ordered = sorted(rows.items(), key=lambda row: row[1][0])
        cells = [f"{name:14}{share:5.0%}  {words:30.30}" for name, (share, words) in ordered]
        for start in range(0, len(cells), columns):
            print("  " + "  ".join(cells[start : start + columns]).rstrip(), flush=True)

    def as_json(self) -> dict[str, Any]:
        reached = sum(aim["reached"] for aim in self.aims.values())
        counts = {"reached": reached, "asked": len(self.aims)}
        return {**counts, "aims": rounded(self.aims), **self.figures}


def rounded(value: Any) -> Any:
    """Numbers to five digits after the point, however deep they lie."""
    if isinstance(value, Mapping):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [rounded(each) for each in value]
    return round(value, 5) if isinstance(value, float) else value


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def kept(out: Path, result: dict[str, Any]) -> dict[str, Any]:
    """The result, joined in `out` with the parts judged before on the same weights."""
    path = out / ("evaluation_quick.json" if result["quick"] else "evaluation.json")
    before = json.loads(path.read_text()) if path.exists() else {}
    if before.get("weights") == result["weights"]:
        result = {**before, **result, "aims": {**before["aims"], **result["aims"]}}
    marks = [aim["reached"] for aim in result["aims"].values()]
    result |= {"reached": sum(marks), "asked": len(marks)}
    out.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")
    return result


def weights(folder: Path) -> str:
    """Which weights were judged: the start of a hash of the UNet's files."""
    found = hashlib.sha256()
    for path in sorted((folder / "unet").glob("*.safetensors")):
        found.update(path.read_bytes())
    return found.hexdigest()[:12]
