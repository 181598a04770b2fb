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

# Torch's threads must not spin for long while they wait. Two on two cores, a picture of 320x192:
# spinning as usual 56 ms alone, but 393 ms beside one busy program; asleep at once 76 ms alone;
# after a short spin 56 ms alone and 106 ms beside it. One thread takes 74 ms.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
