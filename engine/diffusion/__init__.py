"""The generator: FrameParams in, Frames out, one img2img step of a Stable Diffusion folder each.

`ProcessGenerator` runs the model in a supervised process of its own (live), `LocalGenerator` in
this one (films, tests), `TwinGenerator` paints without a model (rehearsal). Importing this
package loads neither torch nor diffusers; that happens when a model is loaded.
"""

from engine.diffusion.contract import Generator, GeneratorHealth
from engine.diffusion.local import LocalGenerator
from engine.diffusion.process import ProcessGenerator
from engine.diffusion.twin import TwinGenerator

__all__ = ["Generator", "GeneratorHealth", "LocalGenerator", "ProcessGenerator", "TwinGenerator"]

import os

# Torch's threads must sleep while they wait, not spin: beside a busy display two spinning threads
# took 890 ms for a picture on two crowded cores, two sleeping ones 85 ms, one thread 73 ms.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
