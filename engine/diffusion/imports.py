"""The heavy imports of the generator in one place: torch, diffusers and transformers classes.

Called once, from `load_model`, in the process that runs the model. Nothing else of the two
libraries is used by the engine.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

_CROWDED = tuple(f"diffusers.models.{name}" for name in ("autoencoders", "transformers", "unets"))
"""Packages that import every model they hold; we want one file of each."""


def part_classes(names: dict[str, str]) -> dict[str, Any]:
    """The classes of the parts of a model folder, by part; `scheduler` knows every noise table."""
    with _without_scipy(), _alone(_CROWDED):
        from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
        from diffusers.schedulers.scheduling_ddim import DDIMScheduler
        from transformers import CLIPTextModel, CLIPTokenizer

        if names["vae"] == "AutoencoderTiny":
            from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny as VAE
        else:
            from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL as VAE
    found = {
        "unet": UNet2DConditionModel, "vae": VAE, "text_encoder": CLIPTextModel,
        "tokenizer": CLIPTokenizer, "scheduler": DDIMScheduler,
    }
    if "text_encoder_2" in names:
        from transformers import CLIPTextModelWithProjection

        found |= {"text_encoder_2": CLIPTextModelWithProjection, "tokenizer_2": CLIPTokenizer}
    return found


@contextlib.contextmanager
def _alone(packages: tuple[str, ...]) -> Iterator[None]:
    """Import files of these packages without running the packages themselves.

    An empty package stands in meanwhile; who imports the package later gets it whole.
    """
    import diffusers.models

    folder = Path(diffusers.models.__file__).parent
    bare = [name for name in packages if name not in sys.modules]
    for name in bare:
        module = ModuleType(name)
        module.__path__ = [str(folder / name.rpartition(".")[2])]
        sys.modules[name] = module
    try:
        yield
    finally:
        for name in bare:
            sys.modules.pop(name)


@contextlib.contextmanager
def _without_scipy() -> Iterator[None]:
    """Let the libraries believe that scipy is missing while they are first imported.

    They want it for training losses and schedulers that are never used here, and it is a
    quarter of the time to the first picture (7.5 s of processor time against 5.6).
    """
    import diffusers.utils
    import diffusers.utils.import_utils
    import transformers.utils
    import transformers.utils.import_utils

    modules = (diffusers.utils, diffusers.utils.import_utils,
               transformers.utils, transformers.utils.import_utils)
    real = [module.is_scipy_available for module in modules]
    for module in modules:
        module.is_scipy_available = lambda: False
    try:
        yield
    finally:
        for module, function in zip(modules, real, strict=True):
            module.is_scipy_available = function
