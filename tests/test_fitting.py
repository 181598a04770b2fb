"""LoRAs that do not fit the model: one line from `check`, before the show, and while it plays."""

import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import save_file

from engine.company import read_show
from engine.errors import LiquidlightError
from engine.fitting import check_loras, has_loras, runtime_for
from engine.machine import check_path
from engine.resolve import resolve, silent_moment
from engine.show import load_show

STEM = "unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q"


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def write(path, width):
    save_file({f"{STEM}.lora_A.weight": np.zeros((4, width), np.float32),
               f"{STEM}.lora_B.weight": np.zeros((width, 4), np.float32)}, path)


def width_of_small():
    from engine.diffusion.lora_names import shapes_of

    return shapes_of("small")["unet"][STEM.removeprefix("unet.")][1]


@pytest.fixture
def look(tmp_path):
    write(tmp_path / "film.safetensors", width_of_small())
    path = tmp_path / "look.toml"
    path.write_text('prompts = [{ text = "sea" }]\n\n[loras]\n"film.safetensors" = 0.5\n')
    return path


def options(model="small"):
    return SimpleNamespace(stems=(), lyrics=None, lyric_prompt="", model=model)


def test_one_that_fits(look):
    show = read_show(str(look), options())
    assert has_loras(show)
    assert check_path(look)["ok"]
    assert check_path(look.parent / "film.safetensors")["says"] == "a LoRA of 1 layers, rank 4"


def test_one_that_does_not_fit_refuses_to_start_in_one_line(look):
    write(look.parent / "film.safetensors", width_of_small() + 8)
    with pytest.raises(LiquidlightError) as caught:
        read_show(str(look), options())
    assert str(caught.value).startswith(
        f"{look}:4: loras.film.safetensors: is made for another model: its mid_block")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("data", "said"), [
    (b"\x80\x02}q\x00.aaaa", "is a pickle under another name, which runs"), (b"", "cut short"),
    (b"\x02\x00\x00\x00\x00\x00\x00\x00[]", "is no safetensors file"),
])
def test_check_tells_the_file_and_the_line(look, data, said):
    (look.parent / "film.safetensors").write_bytes(data)
    finding = check_path(look)
    assert not finding["ok"] and finding["mistakes"][0]["line"] == 4
    assert said in finding["says"]


def test_where_it_stands_in_a_look_that_is_extended(look):
    child = look.with_name("child.toml")
    child.write_text('extends = "look"\n')
    (look.parent / "film.safetensors").write_bytes(b"")
    with pytest.raises(LiquidlightError, match=r"look\.toml:4: loras\.film\.safetensors: cut"):
        check_loras(load_show(str(child)), None)


def test_play_refuses_a_bad_file_before_it_opens_anything(look):
    (look.parent / "film.safetensors").write_bytes(b"\x80")
    done = subprocess.run(
        [sys.executable, "-m", "engine", "play", str(look), "--offscreen", "--audio", "demo",
         "--midi", "none", "--seconds", "1"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "cut short" in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_a_look_saved_with_a_bad_lora_is_told_and_the_show_keeps_the_last(look, tmp_path):
    from engine.watching import Watcher

    told, shows = [], []
    show = read_show(str(look), options())
    watcher = Watcher(str(look), show, shows.append, lambda _: None, told.append,
                      lambda name: read_show(name, options()))
    (tmp_path / "bad.safetensors").write_bytes(b"")
    look.write_text(look.read_text().replace("film", "bad"))
    watcher.reload()
    assert shows == [] and "loras.bad.safetensors: cut short" in told[-1]
    look.write_text(look.read_text().replace("bad", "film"))
    watcher.reload()
    assert len(shows) == 1 and told[-1].startswith("mended")


def test_runtimes(look):
    show, notes = load_show(str(look)), []
    assert runtime_for(show, "torch", notes) == "torch" and notes == []
    assert runtime_for(show, "openvino", notes) == "torch"
    assert notes == ["looks with LoRAs are drawn by torch, not by openvino"]
    look.write_text('prompts = [{ text = "sea" }]\n')
    assert runtime_for(load_show(str(look)), "openvino", notes) == "openvino"


def test_a_model_of_a_look_gets_its_own_loras_alone(look):
    other = look.with_name("other.toml")
    write(look.parent / "other.safetensors", 8)
    other.write_text('model = "elsewhere"\nprompts = [{ text = "sea" }]\n'
                     '[loras]\n"other.safetensors" = 1\n')
    both = look.with_name("set.toml")
    both.write_text('presets = ["look", "other"]\n')
    params = resolve(0.0, 0, 0.0, silent_moment(), load_show(str(both)))
    assert [(lora.file.rpartition("/")[2], lora.weight) for lora in params.loras] == [
        ("film.safetensors", 0.5)]


@pytest.mark.parametrize(("name", "data", "said"), [
    ("a.ckpt", b"\x80\x02}q\x00.", "is a pickle, which runs whatever its maker put in"),
    ("a.safetensors", b"\x80", "cut short: 1 bytes"),
    ("a.safetensors", json.dumps({}).encode(), "cut short"),
])
def test_files_of_weights_are_checked_too(tmp_path, name, data, said):
    path = tmp_path / name
    path.write_bytes(data)
    finding = check_path(path)
    assert not finding["ok"] and said in finding["says"]
