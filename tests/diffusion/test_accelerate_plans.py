"""Plans are named after all they depend on, appear whole or not at all, and broken ones go."""

import json
import shutil

import pytest

from engine.diffusion import plans, runtimes
from engine.diffusion.planned import load_planned
from engine.diffusion.plans import plan_folder, read_plan, writing
from engine.errors import ModelError

SIZE = (64, 64)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "liquidlight" / "plans"


def write(folder):
    with writing(folder) as (draft, facts):
        facts["tokens"] = 16
        (draft / "unet.bin").write_bytes(b"weights")


def test_written_whole_and_read_back(cache):
    folder = cache / "openvino-one"
    with pytest.raises(FileNotFoundError):
        read_plan(folder)
    write(folder)
    assert read_plan(folder)["tokens"] == 16
    write(folder)  # another process was sooner: its plan stays
    assert [each.name for each in cache.iterdir()] == ["openvino-one"]


def test_a_writer_that_fails_leaves_nothing(cache):
    with pytest.raises(ZeroDivisionError), writing(cache / "one") as (draft, _):
        (draft / "unet.bin").write_bytes(b"half")
        raise ZeroDivisionError
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("garbage", [b"other!!", b"", None])
def test_a_broken_file_is_told_and_the_plan_thrown_away(cache, garbage):
    folder = cache / "openvino-one"
    write(folder)
    (folder / "unet.bin").unlink() if garbage is None else (
        (folder / "unet.bin").write_bytes(garbage))
    with pytest.raises(ModelError, match="the kept conversion") as caught:
        load_planned("openvino", "small", folder, 1)
    assert "\n" not in str(caught.value) and not folder.exists()


@pytest.mark.parametrize("index", ["", "[]", "{}", '{"files": 3}', '{"files": {}}'])
def test_a_broken_index(cache, index):
    folder = cache / "openvino-one"
    write(folder)
    (folder / plans.INDEX).write_text(index)
    with pytest.raises(ModelError, match="the kept conversion"):
        read_plan(folder)


def test_whole_files_that_are_no_graphs_are_thrown_away(cache, ours):
    folder = cache / "openvino-one"
    with writing(folder) as (draft, facts):
        facts["tokens"] = 16
        (draft / "encode.xml").write_text("no graph")
    with pytest.raises(ModelError):
        load_planned("openvino", ours, folder, 1)
    assert not folder.exists()


def test_the_name_holds_all_that_the_plan_depends_on(ours, tmp_path, monkeypatch):
    first = plan_folder("openvino", ours, SIZE)
    assert first == plan_folder("openvino", str(ours), SIZE)
    assert first != plan_folder("openvino", ours, (64, 128))
    assert first.name.split("-")[2] != plan_folder("onnx", ours, SIZE).name.split("-")[2]
    copy = shutil.copytree(ours, tmp_path / "copy")
    assert plan_folder("openvino", copy, SIZE) == first
    scheduler = copy / "scheduler" / "scheduler_config.json"
    scheduler.write_text(json.dumps(json.loads(scheduler.read_text()) | {"beta_end": 0.02}))
    assert plan_folder("openvino", copy, SIZE) != first
    monkeypatch.setattr(plans, "version", lambda package: "9.9")
    assert plan_folder("openvino", ours, SIZE) != first


def test_only_the_ends_of_a_large_file_are_read(ours, monkeypatch):
    whole = plan_folder("openvino", ours, SIZE)
    monkeypatch.setattr(plans, "LARGE", 1000)
    monkeypatch.setattr(plans, "_END", 100)
    ends = plan_folder("openvino", ours, SIZE)
    assert ends != whole and ends == plan_folder("openvino", ours, SIZE)


def test_the_longest_unused_plans_and_old_drafts_are_swept(cache, monkeypatch):
    import os

    monkeypatch.setattr(plans, "KEPT", 3)
    for n in range(4):
        write(cache / f"plan-{n}")
        os.utime(cache / f"plan-{n}", (1000 + n, 1000 + n))
    (cache / "draft-old").mkdir()
    os.utime(cache / "draft-old", (5, 5))
    (cache / "draft-new").mkdir()
    write(cache / "plan-4")
    assert {each.name for each in cache.iterdir()} == {
        "plan-2", "plan-3", "plan-4", "draft-new"}


def test_runtimes_that_are_missing(monkeypatch):
    monkeypatch.setattr(runtimes, "find_spec", lambda name: None)
    assert runtimes.installed() == ["torch"] and runtimes.best("auto") == "torch"
    runtimes.check_runtime("auto")
    with pytest.raises(ModelError, match=r"not installed: openvino; pip install 'liquidlight"):
        runtimes.check_runtime("openvino")
    with pytest.raises(ModelError, match="allowed: auto, torch, openvino, onnx, graphs, comp"):
        runtimes.check_runtime("tensorflow")
