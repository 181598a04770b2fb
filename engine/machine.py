"""What this machine has, and whether files and machine are fit for a show.

Every finding is a dict {"what", "ok", "says"}; that of a wrong file has "all" its lines, and
"mistakes" with {"file", "line", "column", "message"} for editors (None: not known); that of a
right one may have "hints".
Nothing here raises for a missing device.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.checking import mistakes
from engine.errors import LiquidlightError
from engine.render.mapping import Output
from engine.rig import is_rig, read_rig, usual_path
from engine.show import DEMO_SET, load_show
from engine.show.preset_file import read_midi
from engine.toml_file import TomlFile

Finding = dict[str, Any]


def list_devices() -> dict[str, list[str]]:
    """Names by kind; an empty list where there is none or no driver."""
    from controllers.drivers import list_outputs, list_ports
    from engine.audio.sources import list_inputs
    from engine.diffusion.canvas import list_accelerators
    from engine.diffusion.runtimes import installed
    from engine.render.window import list_displays

    return {
        "sound inputs": _quietly(list_inputs),
        "MIDI ports": _quietly(list_ports),
        "MIDI outputs": _quietly(list_outputs),
        "displays": _quietly(list_displays),
        "accelerators": _quietly(list_accelerators),
        "runtimes": installed(),
    }


def _quietly(names: Callable[[], list[str]]) -> list[str]:
    try:
        return names()
    except LiquidlightError:
        return []


def check_path(path: Path) -> Finding:
    """One preset, set, rig, shader or model folder, with all its mistakes."""
    says: dict[str, Any] = {}
    rows = mistakes(path, lambda: says.update(_checked(path)))
    if not rows:
        return {"what": str(path), "ok": True, **says}
    told = [str(row) for row in rows]
    found = {"says": told[0], "all": told, "mistakes": [asdict(row) for row in rows]}
    return {"what": str(path), "ok": False, **found}


def _checked(path: Path) -> dict[str, Any]:
    if path.suffix == ".fs":
        return {"says": _drawn(path, (320, 180), 1, None)}
    if path.is_dir():
        from engine.diffusion.model import check_folder

        check_folder(path)
        return {"says": "a model folder with all its parts"}
    if path.suffix.lower() in (".safetensors", ".ckpt", ".pt", ".pth", ".bin"):
        from engine.fitting import describe_weights

        return {"says": describe_weights(path)}
    if path.is_file() and is_rig(TomlFile(path)):
        return _checked_rig(path)
    return _checked_show(path)


def _checked_rig(path: Path) -> dict[str, Any]:
    """A rig: its keys, its mapping, and a hint for each device that is not there now."""
    from controllers.gamepad import parse_gamepad
    from controllers.mapping import parse_mapping

    rig = read_rig(path)
    parse_mapping(rig.midi, str(path))
    parse_gamepad(rig.gamepad, str(path))
    kinds = {"audio": "sound inputs", "midi": "MIDI ports", "display": "displays"}
    asked = {name: rig.values[name] for name in kinds if name in rig.values}
    there = list_devices() if asked else {}
    hints = [
        f"{name} = {wanted!r} is not there now; {kinds[name]}: "
        f"{', '.join(there[kinds[name]]) or 'none'}"
        for name, wanted in asked.items()
        if wanted not in ("default", "demo", "all", "none") and not Path(wanted).is_file()
        and not any(wanted.lower() in known.lower() for known in there[kinds[name]])
    ]
    hints += _hints_of_outputs(rig.outputs)
    finding = {"says": f"a rig: {len(rig.values)} settings, {len(rig.midi)} mappings"}
    return {**finding, "hints": hints} if hints else finding


def _hints_of_outputs(outputs: Sequence[Output]) -> list[str]:
    """One for each display of an output that is not there now."""
    from engine.render.displays import missing_displays

    missing = missing_displays([row.display for row in outputs if row.fullscreen and row.display])
    return [f"output display = {name!r} is not there now" for name in missing]


def _checked_show(path: Path) -> dict[str, Any]:
    """A preset or set: its looks, the effects that its words switch, prompts nobody knows."""
    from controllers.mapping import parse_mapping
    from engine.fitting import check_loras, has_loras
    from engine.troupe import check_models
    from engine.vocabulary import far_prompts, switched

    show = load_show(str(path) if path.suffix else path.name)
    for file in map(TomlFile, show.files):
        parse_mapping(read_midi(file), str(file.path))
    check_models(show)
    says = f"{len(show.presets)} look{'s' * (len(show.presets) > 1)}"
    if has_loras(show):
        check_loras(show, read_rig().values.get("model"))
    words, hints = switched(show), far_prompts(show)
    finding: dict[str, Any] = {"says": f"{says}; words switch {words}" if words else says}
    return {**finding, "hints": hints} if hints else finding


def check_machine() -> list[Finding]:
    """Before a show: devices, picture, model, disk."""
    found = list_devices()
    rows = [
        _need("sound input", found["sound inputs"], "no sound input: play from a file"),
        _note("MIDI", found["MIDI ports"], "no port"),
        _note("display", found["displays"], "none: play --offscreen, render"),
        _note("accelerator", found["accelerators"], "none: the model runs on the CPU"),
    ]
    rows.append(_note("runtimes", found["runtimes"], "none"))
    rows.append(_try("picture", _gl_name))
    rows.append(_try("model", _model_state))
    rows.append(_try("show", lambda: f"{DEMO_SET}, {len(load_show(DEMO_SET).presets)} looks"))
    rows.append(_try("rig", _rig_state))
    free = shutil.disk_usage(Path.cwd()).free / 2**30
    rows.append({"what": "disk", "ok": free > 2.0, "says": f"{free:.0f} GiB free here"})
    return rows


def _need(what: str, names: list[str], missing: str) -> Finding:
    return {"what": what, "ok": bool(names), "says": ", ".join(names) or missing}


def _note(what: str, names: list[str], missing: str) -> Finding:
    return {"what": what, "ok": True, "says": ", ".join(names) or missing}


def _try(what: str, says: Callable[[], str]) -> Finding:
    try:
        return {"what": what, "ok": True, "says": says()}
    except LiquidlightError as error:
        return {"what": what, "ok": False, "says": str(error)}


def _gl_name() -> str:
    from engine.render.window import Offscreen

    surface = Offscreen((64, 64))
    try:
        return str(surface.ctx.info["GL_RENDERER"])
    finally:
        surface.close()


def _model_state() -> str:
    from engine.diffusion.model import check_folder, model_folder

    folder = model_folder("small")
    check_folder(folder)
    return f"small, {sum(f.stat().st_size for f in folder.rglob('*')) / 2**20:.0f} MiB"


def _rig_state() -> str:
    path = usual_path()
    return str(_checked_rig(path)["says"]) if path.exists() else f"none yet; would be {path}"


def draw_file(path: Path, size: tuple[int, int], frames: int, folder: Path | None) -> Finding:
    """Load an ISF file, draw some frames offscreen, keep them as PNGs in `folder`."""
    try:
        return {"what": str(path), "ok": True, "says": _drawn(path, size, frames, folder)}
    except LiquidlightError as error:
        return {"what": str(path), "ok": False, "says": str(error)}


def _drawn(path: Path, size: tuple[int, int], frames: int, folder: Path | None) -> str:
    from PIL import Image

    from engine.render.preview import draw_shader

    pictures = draw_shader(path, size, frames)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for n, picture in enumerate(pictures):
            Image.fromarray(picture).save(folder / f"{path.stem}_{n:03d}.png")
    return f"{len(pictures)} frames drawn"
