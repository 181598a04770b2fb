"""The upscaler for films: exact shapes, tiles without seams, and other files refused."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from engine.diffusion import upscale
from engine.diffusion.upscale import Upscaler
from engine.errors import ModelError


def network(scale=4, width=8, inner=3, seed=1):
    """State of a compact network with random weights, under the names its makers give."""
    torch.manual_seed(seed)
    layers = [nn.Conv2d(3, width, 3, padding=1), nn.PReLU(width)]
    for _ in range(inner):
        layers += [nn.Conv2d(width, width, 3, padding=1), nn.PReLU(width)]
    layers.append(nn.Conv2d(width, 3 * scale * scale, 3, padding=1))
    return {f"body.{name}": tensor for name, tensor in nn.Sequential(*layers).state_dict().items()}


@pytest.fixture
def save(tmp_path):
    def write(state, name="up.safetensors"):
        save_file(state, tmp_path / name)
        return tmp_path / name

    return write


def picture_of(width, height):
    return np.random.default_rng(2).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_shapes_are_exact(save, scale):
    large = Upscaler(save(network(scale)), "cpu")
    assert large.scale == scale
    assert large(picture_of(41, 23)).shape == (23 * scale, 41 * scale, 3)


def test_a_network_that_adds_nothing_repeats_pixels(save):
    state = {name: torch.zeros_like(tensor) for name, tensor in network(2).items()}
    picture = picture_of(40, 24)
    made = Upscaler(save(state), "cpu")(picture)
    assert np.array_equal(made, picture.repeat(2, 0).repeat(2, 1))


def test_tiles_leave_no_seam(save, monkeypatch):
    """Each pixel of the tiled picture is that of the network over the whole picture."""
    large = Upscaler(save(network()), "cpu")
    picture = picture_of(150, 90)
    whole = large(picture)
    monkeypatch.setattr(upscale, "TILE", 32)
    tiled = large(picture)
    assert np.abs(tiled.astype(int) - whole).max() <= 1  # sums ordered otherwise, then rounded
    assert (tiled != whole).mean() < 1e-3
    monkeypatch.setattr(large, "margin", 0)
    assert np.abs(large(picture).astype(int) - whole).max() > 3  # the test can see seams


def test_wrapped_names_are_known(save):
    state = {f"params_ema.{name}": tensor for name, tensor in network().items()}
    plain, wrapped = Upscaler(save(network()), "cpu"), Upscaler(save(state, "w.safetensors"), "cpu")
    picture = picture_of(20, 20)
    assert np.array_equal(plain(picture), wrapped(picture))


def without(state, name):
    return {key: tensor for key, tensor in state.items() if key != name}


@pytest.mark.parametrize("state", [
    {"conv_first.weight": torch.zeros(64, 3, 3, 3)},  # RRDBNet: the large kind
    without(network(), "body.2.bias"), without(network(), "body.3.weight"),
    {**network(), "body.0.weight": torch.zeros(8, 1, 3, 3)},
    {**network(), "body.8.weight": torch.zeros(50, 8, 3, 3), "body.8.bias": torch.zeros(50)},
    {**network(), "extra": torch.zeros(1)}, {"body.x.weight": torch.zeros(1)},
])
def test_other_files_are_refused_in_one_line(save, state):
    state = {name: tensor.contiguous() for name, tensor in state.items()}
    with pytest.raises(ModelError, match="up.safetensors: no upscaler that is known here") as told:
        Upscaler(save(state), "cpu")
    assert "\n" not in str(told.value)


def test_files_that_are_none(tmp_path, save):
    with pytest.raises(ModelError, match="nowhere.safetensors"):
        Upscaler(tmp_path / "nowhere.safetensors")
    (tmp_path / "x4.pth").write_bytes(b"pickle")
    with pytest.raises(ModelError, match="is a pickle, which runs whatever"):
        Upscaler(tmp_path / "x4.pth")
    whole = save(network()).read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(whole[:-50])
    with pytest.raises(ModelError, match="cut.safetensors"):
        Upscaler(tmp_path / "cut.safetensors")
