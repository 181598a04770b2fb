"""bench compositor, short: its figures are there, Python's share is small, nothing grows."""

from bench.compositor import run, without_drawing


def test_the_figures_and_what_pictures_leave():
    report = run(((96, 54),), 0.2, long=400)
    plain, layered = report["rows"]
    assert len(layered["layers"]) == 4 and len(layered["effects"]) == 8
    for row in (plain, layered):
        assert row["pictures"] >= 30 and row["draw_ms"]["p50"] > 0.0
        assert row["compiled_on_the_frame_path"] == 0
    assert report["python_gl"] in ("NOOP", plain["gl_renderer"])
    assert 0.0 < report["python_ms"]["p50"] <= 3.0
    growth = report["growth"]
    assert growth["bytes"] < 20_000 and growth["objects"] < 50 and growth["gl_names"] < 30


def test_the_long_part_can_be_left_out():
    assert without_drawing((96, 54), 0.1, 0)["growth"] is None
