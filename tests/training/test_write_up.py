"""The report says what the checkpoints, the logs and the evaluation say, and keeps the notes."""

import json

from training import loop, write_up


class Nothing:
    parts: dict = {}


def test_the_report_tells_stages_scores_and_notes(tmp_path):
    path = tmp_path / "unet_full.pt"
    loop.save(Nothing(), path, 1200, 90.0, done=True)
    rows = [{"step": 100, "error": 0.75}, {"step": 200, "error": 0.3}]
    loop.log_path(path).write_text("\n".join(json.dumps(row) for row in rows))
    aim = {"value": 0.5, "low": 0.8, "high": None, "reached": False}
    found = {"aims": {"subject": aim}, "faith": {"unseen": 0.25, "each": {"fire": 1.0}}}
    (tmp_path / "evaluation.json").write_text(json.dumps(found))
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "weights").write_bytes(b"x" * 1_500_000)
    text = write_up.written(tmp_path, folder, "## Notes\n\nSeen by eye.")
    assert "| unet_full | 1.5 | 1,200 | error | 0.750 | 0.300 |" in text
    assert "| subject | 0.500 | at least 0.8 | **missed** |" in text
    assert "| faith unseen | 0.25 |" in text and "each fire" not in text
    assert "1.5 MB" in text and text.endswith("Seen by eye.\n")


def test_a_report_without_scores_is_a_report(tmp_path):
    text = write_up.written(tmp_path, tmp_path, "")
    assert text.startswith("# How the small model was made") and "Scores" not in text


def test_losses_are_kept_beside_the_checkpoint(tmp_path):
    path = tmp_path / "stage.pt"
    loop.report(path, 100, 9.6, {"error": [1.0, 2.0, float("nan")]})
    assert json.loads(loop.log_path(path).read_text()) == {"step": 100, "seconds": 10, "error": 1.5}
