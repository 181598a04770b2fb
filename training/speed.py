"""How fast the model is on this machine: pictures a second, the first picture, memory.

A model folder flows in, figures flow out, for every runtime that is installed. Each is measured in
a fresh process of its own, so that nothing this one has loaded counts.
"""

import json
import subprocess
import sys
from pathlib import Path

from engine.clock import monotonic
from engine.errors import LiquidlightError

START = """
import json, sys
from time import perf_counter
from engine.diffusion.local import LocalGenerator
from engine.records import FrameParams, Pose, Prompt
folder, runtime, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
def params(n):
    words = (Prompt("red and black spiral", 1.0),)
    return FrameParams(n, n / 20, 0.05, prompts=words, noise_drift=0.05, pose=Pose(0.01 * n))
how = {} if runtime == "torch" else {"runtime": runtime}
generator = LocalGenerator(folder, (256, 256), device="cpu", **how)
generator.generate(params(0))
print("first", flush=True)
spent = []
for n in range(1, count + 1):
    start = perf_counter()
    generator.generate(params(n))
    spent.append(perf_counter() - start)
line = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
middle = sorted(spent)[len(spent) // 2]
print(json.dumps({"ms": 1e3 * middle, "fps": len(spent) / sum(spent),
                  "memory_mb": int(line.split()[1]) / 1024}))
"""


def started(folder: Path, runtime: str = "torch", count: int = 100) -> dict[str, float]:
    """Seconds from the start of a process to its first picture, then `count` pictures.

    `ms` median of a picture (camera, encode, one step, decode, regulation), `fps` pictures a
    second over all, `memory_mb` the most the process ever held.
    """
    start = monotonic()
    command = [sys.executable, "-W", "ignore", "-c", START, str(folder), runtime, str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as p:
        line = p.stdout.readline().strip()
        seconds = monotonic() - start
        rest, trouble = p.communicate()
    if line != "first" or p.returncode:
        raise LiquidlightError(f"{folder}: {runtime} made no picture: {trouble.strip()[-300:]}")
    return {"first_s": round(seconds, 2), **json.loads(rest.strip().splitlines()[-1])}


def runtimes() -> list[str]:
    """The runtimes installed here; torch is always one."""
    from engine.diffusion.runtimes import installed

    return installed()


def measured(folder: Path, count: int = 100) -> dict[str, dict[str, float]]:
    """`started` of every runtime; of a converted one its second start, from the cache."""
    result = {}
    for name in runtimes():
        if name != "torch":
            started(folder, name, 1)
        result[name] = started(folder, name, count)
    return result
