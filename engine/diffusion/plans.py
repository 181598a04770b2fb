"""Where converted models lie: one folder a plan, in the platform's cache folder.

A plan is a model converted for one runtime and one size: its graphs, its tokenizer and the facts
a step must know, so that a show can begin without the libraries that load a model folder. Its
name is a hash of all it depends on: the model's files, the size, the versions, our own code, and
for a GPU's its name and capability. LoRAs are not part of a plan: torch draws those. It is
written under another name and renamed, and holds the sums of its files, so a killed writer or a
bad disk never passes for a plan. Needs no torch but for a GPU's; any thread or process may call it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from engine import folders
from engine.diffusion.model import CLASSES, model_folder
from engine.diffusion.model_files import WEIGHTED, weights
from engine.diffusion.runtimes import ON_CUDA, PACKAGES
from engine.errors import ModelError

INDEX = "plan.json"
KEPT = 12
"""Plans kept, newest use first; one of the small model is about 41 MB."""
ABANDONED = 3600.0
"""Seconds after which a plan that is still being written was left by a killed writer."""
LARGE = 1 << 28
"""Bytes above which a file's ends, size and date stand for its content: hashing takes seconds."""
_END = 1 << 20
_CODE = ("convert.py", "fused.py", "openvino_graphs.py", "onnx_graphs.py", "tensorrt_graphs.py")
_LIBRARIES = ("torch", "diffusers", "transformers")


def cache_folder() -> Path:
    """Where plans are kept."""
    return folders.folder("cache") / "plans"


def plan_folder(runtime: str, model: str | Path, size: tuple[int, int]) -> Path:
    """The folder of a plan, whether it is there yet or not; `runtime` must be installed."""
    folder = model_folder(model)
    total = hashlib.sha256()
    libraries = (*PACKAGES[runtime], *_LIBRARIES)
    facts = [runtime, *size, *(_version(name) for name in libraries), *_device_facts(runtime)]
    total.update(json.dumps(facts).encode())
    for name in _CODE:
        total.update(Path(__file__).with_name(name).read_bytes())
    for file in _files_of(folder):
        total.update(f"{file.relative_to(folder)}\n".encode())
        _add_content(total, file)
    for file in _elsewhere(folder):
        total.update(f"{file}\n".encode())
        _add_content(total, file)
    return cache_folder() / f"{runtime}-{size[0]}x{size[1]}-{total.hexdigest()[:20]}"


def read_plan(folder: Path) -> dict[str, Any]:
    """The facts of a plan, once every file of it is seen to be whole.

    Raises FileNotFoundError when there is no plan, ModelError when it is broken.
    """
    if not folder.exists():
        raise FileNotFoundError(folder)
    try:
        facts = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        sums = facts["files"]
        broken = [name for name, wanted in sums.items() if _sum(folder / name) != wanted]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{folder}: the kept conversion cannot be read: {error}") from error
    if broken or not sums:
        raise ModelError(f"{folder}: the kept conversion is broken: {', '.join(broken)}")
    with contextlib.suppress(OSError):
        os.utime(folder)
    return facts


def drop_plan(folder: Path) -> None:
    """Throw a plan away; one that cannot be deleted stays."""
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A folder to write a plan into, and its facts to fill; it becomes the plan on leaving.

    Nothing is left behind when the body raises. OSError when there is no place to write.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=folder.parent))
    _sweep(folder.parent, draft.stat().st_mtime)
    facts: dict[str, Any] = {}
    try:
        yield draft, facts
        facts["files"] = {file.name: _sum(file) for file in sorted(draft.iterdir())}
        (draft / INDEX).write_text(json.dumps(facts), encoding="utf-8")
        _put_in_place(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _put_in_place(draft: Path, folder: Path) -> None:
    try:
        draft.rename(folder)
    except OSError:
        if not (folder / INDEX).exists():  # else another process was sooner: its plan is as good
            raise


def _sweep(parent: Path, now: float) -> None:
    """Drafts whose writer must be gone, and the plans that were used longest ago."""
    used = {each: each.stat().st_mtime for each in parent.iterdir()}
    plans = [each for each in used if not each.name.startswith("draft-")]
    newest = sorted(plans, key=lambda each: used[each], reverse=True)
    for draft in used.keys() - set(plans):
        if used[draft] < now - ABANDONED:
            drop_plan(draft)
    for plan in newest[KEPT - 1:]:
        drop_plan(plan)


def _files_of(folder: Path) -> list[Path]:
    kinds = (".json", ".safetensors", ".txt")
    parts = (*CLASSES, "scheduler")
    found = [file for part in parts for file in (folder / part).glob("*") if file.suffix in kinds]
    return sorted(found)


def _elsewhere(folder: Path) -> list[Path]:
    """Weights that the folder only names: those of a checkpoint of one file (views.py)."""
    parts = (part for part in WEIGHTED if (folder / part).is_dir())
    found = {file for part in parts for file in weights(folder, part)}
    return sorted(file for file in found if folder not in file.parents and file.is_file())


def _device_facts(runtime: str) -> list[str]:
    """What else a plan is bound to: a GPU for those that are compiled for one, and halves."""
    if runtime not in ON_CUDA:
        return []
    from engine.diffusion.tensorrt_graphs import device_facts

    return [*device_facts(), "float16", "1 row"]


def _add_content(total: hashlib._Hash, file: Path) -> None:
    about = file.stat()
    with file.open("rb") as stream:
        if about.st_size < LARGE:
            while block := stream.read(_END):
                total.update(block)
            return
        total.update(f"{about.st_size} {about.st_mtime_ns}".encode())
        total.update(stream.read(_END))
        stream.seek(-_END, os.SEEK_END)
        total.update(stream.read(_END))


def _sum(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
