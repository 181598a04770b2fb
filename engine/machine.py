"""What this machine has, and whether files and machine are fit for a show.

Every finding is a dict {"what", "ok", "says"}, that of a show may have "hints", lines of text.
Nothing here raises for a missing device.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.errors import LiquidlightError
from engine.show import DEMO_SET, load_show

Finding = dict[str, Any]


def list_devices() -> dict[str, list[str]]:
    """Names by kind; an empty list where there is none or no driver."""
    from controllers.midi import list_ports
    from engine.audio.sources import list_inputs
    from engine.diffusion.canvas import list_accelerators
    from engine.diffusion.runtimes import installed
    from engine.render.window import list_displays

    return {
        "sound inputs": _quietly(list_inputs),
        "MIDI ports": _quietly(list_ports),
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
    """One preset, set, shader or model folder."""
    try:
        if path.suffix == ".fs" or path.is_dir():
            return {"what": str(path), "ok": True, "says": _checked(path)}
        return {"what": str(path), "ok": True, **_checked_show(path)}
    except LiquidlightError as error:
        return {"what": str(path), "ok": False, "says": str(error)}


def _checked(path: Path) -> str:
    if path.suffix == ".fs":
        return _drawn(path, (320, 180), 1, None)
    from engine.diffusion.model import check_folder

    check_folder(path)
    return "a model folder with all its parts"


def _checked_show(path: Path) -> dict[str, Any]:
    """A preset or set: its looks, the effects that its words switch, prompts nobody knows."""
    from controllers.mapping import parse_mapping
    from engine.vocabulary import far_prompts, switched

    show = load_show(str(path) if path.suffix else path.name)
    parse_mapping(show.midi, str(path))
    says = f"{len(show.presets)} look{'s' * (len(show.presets) > 1)}"
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
