"""The wheel carries everything that the command needs, and no more."""

import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_rooms_looks_shaders_music_and_model_travel(names: set[str]) -> None:
    folders = ("engine", "controllers", "shaders", "presets", "bench")
    kinds = {".py", ".fs", ".toml", ".ogg", ".beats", ".json", ".safetensors", ".txt"}
    here = {
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.suffix in kinds
    }
    assert here <= names
    assert any(name.endswith("unet/diffusion_pytorch_model.safetensors") for name in names)
    assert any(name.endswith("entry_points.txt") for name in names)


def test_tests_and_training_stay_at_home(names: set[str]) -> None:
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"engine", "controllers", "shaders", "presets", "bench"}
