"""The generator benchmark's figures as one record, and as a table for people.

Milliseconds of pictures flow in by contestant; the record is what `bench generator` prints as
JSON.
"""

from __future__ import annotations

import sys
from typing import Any

from bench.roofline import PARTS
from engine.diffusion.contract import percentile

PEER = "diffusers"
Times = dict[str, dict[str, list[float]]]


def rows_of(times: Times, parts: dict[str, dict[str, float]]) -> dict[str, dict[str, Any]]:
    """A row for each contestant: min, p50, p99, pictures a second, and ratios to diffusers."""
    peer = times[PEER]

    def told(name: str, measured: dict[str, list[float]]) -> dict[str, Any]:
        total = measured["total"]
        row = {
            "ms": {key: _three(values) for key, values in measured.items() if values},
            "fps": round(1e3 / percentile(total, 0.5), 2), "frames": len(total),
            "ratio": _ratio(peer["total"], total, 0.5),
            "ratio_of_min": round(min(peer["total"]) / min(total), 2),
        }
        if measured["cpu"]:
            row["ratio_of_cpu"] = _ratio(peer["cpu"], measured["cpu"], 0.5)
        return {**row, "parts_ms": parts[name]} if name in parts else row

    return {name: told(name, measured) for name, measured in times.items()}


def _ratio(peer: list[float], own: list[float], share: float) -> float:
    return round(percentile(peer, share) / percentile(own, share), 2)


def _three(values: list[float]) -> dict[str, float]:
    return {"min": round(min(values), 2), "p50": round(percentile(values, 0.5), 2),
            "p99": round(percentile(values, 0.99), 2)}


def print_table(figures: dict[str, Any]) -> None:
    """For people, on standard error."""
    write = sys.stderr.write
    write(f"{figures['model']} at {figures['width']}x{figures['height']} on "
          f"{figures['device_name']}, {figures['dtype']}, {figures['threads']} threads, "
          f"torch {figures['torch']}\n")
    for steps, rows in figures["by_steps"].items():
        write(f"{steps} step{'s' if int(steps) > 1 else ''} a picture; median ms\n")
        write(f"{'':16}" + "".join(f"{part:>9}" for part in PARTS)
              + f"{'picture':>9}{'cpu':>9}{'min':>9}{'per s':>8}{'ratio':>7}\n")
        for name, row in rows.items():
            parts = row.get("parts_ms", {})
            cells = [f"{parts[part]:9.2f}" if part in parts else f"{'':9}" for part in PARTS]
            cells += [f"{row['ms'][key]['p50']:9.1f}" if key in row["ms"] else f"{'':9}"
                      for key in ("total", "cpu")]
            write(f"{name:16}{''.join(cells)}{row['ms']['total']['min']:9.1f}{row['fps']:8.1f}"
                  f"{row['ratio']:7.2f}\n")
    _print_roofline(figures)
    for name, why in figures["without"].items():
        write(f"{name:16} {why}\n")
    for name, row in figures.get("start", {}).items():
        write(f"start, {name}: " + ", ".join(f"{k} {v}" for k, v in row.items()) + "\n")


def _print_roofline(figures: dict[str, Any]) -> None:
    roof, write = figures["roofline"], sys.stderr.write
    write(f"operations (thousand million): {roof['operations_g']}; the device: "
          f"{roof['matmul_g_per_s']:.0f} a second\n")
    for name, row in roof["shares"].items():
        write(f"share of the device's rate, {name}: "
              + ", ".join(f"{part} {share:.0%}" for part, share in row.items()) + "\n")
