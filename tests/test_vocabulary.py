"""`liquidlight words`, and what `check` says about the words of a show."""

import json
import shutil
from pathlib import Path

import pytest

from engine.cli import main
from engine.diffusion.model_files import SMALL
from engine.show import load_show
from engine.vocabulary import far_prompts, switched
from engine.word_effects import WORD_EFFECTS

PHRASES = {
    "subjects": {"ocean": ["ocean", "stormy sea"], "forest": ["forest", "jungle"],
                 "fire": ["fire", "flames"]},
    "colours": {"red": ["red", "scarlet"], "teal": ["teal"]},
    "styles": {"neon": ["neon", "glowing neon"]},
}
LOOK = """
style = "film grain"
[[prompts]]
text = "forest, VHS"
[[prompts]]
text = "qwxz zxcvb"
[[effects]]
shader = "grain"
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    """The model that ships, with a short list of phrases."""
    folder = tmp_path_factory.mktemp("words") / "model"
    shutil.copytree(SMALL, folder)
    (folder / "phrases.json").write_text(json.dumps(PHRASES), "utf-8")
    return str(folder)


@pytest.fixture(scope="module")
def silent(tmp_path_factory) -> str:
    """A model without a list of phrases, as all but ours are."""
    folder = tmp_path_factory.mktemp("words") / "model"
    shutil.copytree(SMALL, folder)
    (folder / "phrases.json").unlink(missing_ok=True)
    return str(folder)


def test_all_words_in_columns(model: str, capsys: pytest.CaptureFixture) -> None:
    assert main(["words", "--model", model]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["subjects:", "  fire    forest  ocean"]
    assert "  red   teal" in lines and "  neon" in lines and max(map(len, lines)) <= 80
    shown = " ".join(" ".join(lines).split())
    assert all(row.name in shown and row.words[-1] in shown for row in WORD_EFFECTS)


def test_what_a_prompt_says(model: str, capsys: pytest.CaptureFixture) -> None:
    prompts = ["stormy sea, scarlet, glowing neon, film grain", "qwxz", "teal, vhs"]
    assert main(["words", *prompts, "--model", model]) == 0
    told = capsys.readouterr().out
    assert 'subject   ocean (known: "stormy sea")' in told
    assert "colours   red" in told and "styles    neon" in told
    assert 'effects   "film grain" -> grain' in told
    assert "qwxz\n  subject   nothing near; nearest is" in told
    assert "teal, vhs\n  subject   none said" in told


def test_as_json(model: str, capsys: pytest.CaptureFixture) -> None:
    assert main(["words", "stormy sea, crt", "--json", "--model", model]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["nearest"][0]["subject"] == "ocean" and row["far"] is False
    assert row["effects"] == [["crt", "scanlines"]]
    main(["words", "--json", "--model", model])
    rows = json.loads(capsys.readouterr().out)
    assert rows["subjects"]["fire"] == ["fire", "flames"]
    assert "vhs" in rows["effects"]["vhs"]


def test_a_model_without_a_list_still_has_its_effects(
    silent: str, capsys: pytest.CaptureFixture
) -> None:
    assert main(["words", "--model", silent]) == 0
    told = capsys.readouterr().out
    assert "no list of them" in told and "old television" in told
    assert main(["words", "dragon, vhs", "--model", silent]) == 0
    assert '"vhs" -> vhs' in capsys.readouterr().out
    main(["words", "dragon, vhs", "--json", "--model", silent])
    rows = json.loads(capsys.readouterr().out)
    assert rows == [{"text": "dragon, vhs", "effects": [["vhs", "vhs"]]}]
    assert main(["words", "sea", "--model", f"{silent}/nothing"]) == 2


def test_check_tells_which_words_switch_what(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "look.toml"
    path.write_text(LOOK, "utf-8")
    assert main(["check", str(path)]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("ok ") and first.endswith(
        '1 look; words switch "vhs" -> vhs, "film grain" -> grain, by the look itself'
    )
    assert switched(load_show("first_light")) == ""


def test_check_hints_at_prompts_that_the_model_cannot_know(
    tmp_path: Path, model: str, silent: str
) -> None:
    (tmp_path / "look.toml").write_text(LOOK, "utf-8")
    show = load_show(str(tmp_path / "look.toml"))
    (line,) = far_prompts(show, model)
    assert line.startswith('"qwxz zxcvb, film grain": ') and "knows nothing near" in line
    assert far_prompts(show, silent) == [] and far_prompts(show, f"{silent}/nothing") == []
