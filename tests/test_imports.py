"""Who may import whom. This table is the architecture's document; the test holds it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

LEVEL_0 = {"records", "errors", "params", "expressions", "clock", "exchange"}
LEVEL_0 |= {"functions", "memory", "curves", "isf", "isf_header", "lut", "followers", "structure"}
LEVEL_0 |= {"shutter", "folders", "toml_file", "toml_places", "motion"}
LEVEL_1 = {"show", "scenes", "director", "signals", "controls", "stats", "word_effects", "undo"}
LEVEL_0 |= {"tapers", "launches"}
LEVEL_0 |= {"keyframes", "lyrics", "wav_file"}
LEVEL_1 |= {"cues", "importing", "takes", "stems"}
LEVEL_1 |= {"dimmer", "set_list"}
LEVEL_1 |= {"remembering"}
LEVEL_1 |= {"emphasis", "sequences"}
LEVEL_2 = {"resolve", "registers", "seen"}
WINGS = {
    "engine.audio": {"numpy", "scipy", "aubio", "sounddevice", "av", "link"},
    "engine.diffusion": {"numpy", "torch", "diffusers", "transformers", "safetensors", "tokenizers"}
    | {"huggingface_hub", "openvino", "onnxruntime", "tensorrt"},
    "engine.render": {"numpy", "moderngl", "glfw", "av", "PIL"},
    "controllers": {"mido", "pythonosc", "rtmidi", "rtmidi2"}
    | {"starlette", "uvicorn", "zeroconf", "segno"},
}
OTHERS = {"numpy", "segno", "rich", "watchfiles", "tomlkit", "PIL", "moderngl", "bench"}
RIM = {"graph", "listening", "hands", "pads", "network", "staging", "watching", "play_options"}
RIM |= {"paging", "page_answers", "checking"}
RIM |= {"reporting", "live"}
RIM |= {"offline", "gallery", "saving", "desk", "autosave", "cadence"}
RIM |= {"operating", "recording", "sourcing", "troupe", "film_troupe"}
RIM |= {"fitting"}
RIM |= {"resuming", "company", "surface"}
RIM |= {"laid_take", "take_hands", "take_desk", "take_shelf", "input_hands"}
RIM |= {"learning", "rig"}
RIM |= {"output_surface"}
RIM |= {"farewell", "output_hands", "output_rig", "output_writing", "option_values"}
TOP = {"output_reference", "song_options", "song_commands", "pieces", "splitting", "telling"}
TOP |= {"cli", "commands", "evening", "machine", "vocabulary", "__main__"}
TOP |= {"checking", "reference", "reference_midi", "schemas"}


def _room(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    name = ".".join(parts).removesuffix(".__init__")
    return next((wing for wing in WINGS if f"{name}.".startswith(f"{wing}.")), _module(name))


def _module(name: str) -> str:
    """A file of the engine, or the package it belongs to: engine.show.looks is engine.show."""
    return ".".join(name.split(".")[:2])


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _allowed_rooms(room: str) -> set[str]:
    name = room.removeprefix("engine.")
    below = {f"engine.{n}" for n in LEVEL_0}
    if name in LEVEL_0 or room == "controllers":
        return below
    below |= {f"engine.{n}" for n in LEVEL_1}
    if name in LEVEL_1:
        return below
    below |= {f"engine.{n}" for n in LEVEL_2}
    if name in LEVEL_2 or room in WINGS:
        return below
    below |= set(WINGS) | {f"engine.{n}" for n in RIM}
    if name in RIM:
        return below
    assert name in TOP or room == "engine", f"{room} has no place in the table"
    return below | {f"engine.{n}" for n in TOP} | {"bench"}


FILES = sorted([*ROOT.glob("engine/**/*.py"), *ROOT.glob("controllers/**/*.py")])


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    room = _room(path)
    allowed = _allowed_rooms(room) | {room, "engine"}
    for name in _imports(path):
        top = name.split(".")[0]
        if top in ("engine", "controllers"):
            target = next((w for w in WINGS if name == w or name.startswith(f"{w}.")), None)
            target = target or ".".join(name.split(".")[:2])
            if not _is_module(target):
                continue  # a name inside the package engine itself
            assert target in allowed, f"{room} imports {name}"
        elif top not in sys.stdlib_module_names and top != "__future__":
            libraries = WINGS.get(room, OTHERS)
            assert top in libraries, f"{room} imports {top}"


def _is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").exists()


def test_level_zero_needs_only_numpy() -> None:
    for name in LEVEL_0:
        for imported in _imports(ROOT / "engine" / f"{name}.py"):
            top = imported.split(".")[0]
            assert top in sys.stdlib_module_names | {"numpy", "engine", "__future__"}, (name, top)


def test_import_engine_is_light() -> None:
    """Neither torch nor GL nor a device library is loaded by the command line's own start."""
    code = "import sys, engine, engine.cli; print(*sorted(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"torch", "diffusers", "moderngl", "glfw", "sounddevice", "aubio", "mido", "rtmidi"}
    assert not heavy & set(out.stdout.split())


def test_only_the_clock_reads_the_time() -> None:
    for path in FILES:
        if path.name != "clock.py":
            assert "time" not in _imports(path), path
