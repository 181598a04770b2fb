"""Small random models of the real classes, saved once a session as a user's folders."""

import warnings

import pytest
import torch
from small_folders import save_ours, save_sd2, save_sdxl, save_steered, save_turbo

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def ours(tmp_path_factory):
    """A folder like the shipped model: v_prediction, AutoencoderTiny."""
    return save_ours(tmp_path_factory.mktemp("models") / "ours")


@pytest.fixture(scope="session")
def steered(tmp_path_factory):
    """A folder like the shipped model whose text steers every block."""
    return save_steered(tmp_path_factory.mktemp("models") / "steered")


@pytest.fixture(scope="session")
def turbo(tmp_path_factory):
    """A folder like SD-Turbo: epsilon, AutoencoderKL, Euler scheduler."""
    return save_turbo(tmp_path_factory.mktemp("models") / "turbo")


@pytest.fixture(scope="session")
def sd2(tmp_path_factory):
    """A folder like SD 2.1: v_prediction, AutoencoderKL, DDIM."""
    return save_sd2(tmp_path_factory.mktemp("models") / "sd2")


@pytest.fixture(scope="session")
def sdxl(tmp_path_factory):
    """A folder like SDXL-Turbo: two text encoders, Euler ancestral."""
    warnings.filterwarnings("ignore", "__array__ implementation")  # diffusers on numpy 2
    return save_sdxl(tmp_path_factory.mktemp("models") / "sdxl")


@pytest.fixture(scope="session")
def ours_model(ours):
    from engine.diffusion.model import load_model

    return load_model(ours, device="cpu")


@pytest.fixture(scope="session")
def turbo_model(turbo):
    from engine.diffusion.model import load_model

    return load_model(turbo, device="cpu")
