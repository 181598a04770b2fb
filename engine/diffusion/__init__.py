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
