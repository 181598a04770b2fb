"""How fast the model is on this machine: pictures a second, the first picture, memory.

A model folder flows in, figures flow out. Each is measured in a fresh process of its own, so that
nothing this one has loaded counts; the loop's figures are those of `bench.generator`.
"""

import json
import subprocess
import sys
from pathlib import Path

from engine.clock import monotonic
from engine.errors import LiquidlightError

FIRST = """
import sys
from engine.diffusion.local import LocalGenerator
from engine.records import FrameParams, Prompt
def params(n): return FrameParams(n, n / 10, 0.1, prompts=(Prompt("red fire", 1.0),))
generator = LocalGenerator(sys.argv[1], (256, 256), device="cpu")
generator.generate(params(0))
print("first", flush=True)
for n in range(1, 40): generator.generate(params(n))
kilobytes = next(l for l in open("/proc/self/status") if l.startswith("VmHWM")).split()[1]
print(int(kilobytes) / 1024, flush=True)
"""


def first_picture(folder: Path) -> dict[str, float]:
    """Seconds from the start of a process to its first picture; its peak memory after forty."""
    start = monotonic()
    command = [sys.executable, "-W", "ignore", "-c", FIRST, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as p:
        line = p.stdout.readline().strip()
        seconds = monotonic() - start
        rest, trouble = p.communicate(timeout=300)
    if line != "first":
        raise LiquidlightError(f"{folder}: no first picture: {trouble.strip()[-300:]}")
    return {"first_picture_s": round(seconds, 2), "peak_memory_mb": round(float(rest), 1)}


def bench(folder: Path, seconds: float) -> dict:
    """The report of the generator bench, run by itself."""
    code = (
        "import json, sys; from bench.generator import run;"
        "print(json.dumps(run(sys.argv[1], (256, 256), float(sys.argv[2]))))"
    )
    command = [sys.executable, "-W", "ignore", "-c", code, str(folder), str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    if done.returncode:
        raise LiquidlightError(f"{folder}: the bench failed: {done.stderr.strip()[-300:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])
