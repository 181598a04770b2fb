"""Loading a model loads what it needs: the first picture waits for every import."""

import subprocess
import sys

CODE = """
import sys
from engine.diffusion.model import load_model
load_model("small", threads=1)
print([name for name in sys.argv[1:] if name in sys.modules])
from diffusers.models.transformers import FluxTransformer2DModel
from diffusers import StableDiffusionImg2ImgPipeline, UNet1DModel
"""
HEAVY = ("scipy.stats", "diffusers.models.transformers.transformer_flux",
         "diffusers.schedulers.scheduling_k_dpm_2_discrete", "diffusers.models.unets.unet_1d")


def test_only_what_is_needed_and_the_rest_is_there_for_others() -> None:
    command = [sys.executable, "-W", "ignore", "-c", CODE, *HEAVY]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
