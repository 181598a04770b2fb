"""A film that breaks off goes on where it was, and is the film that it would have been."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine import resuming
from engine.audio import demo
from engine.audio.media import decode
from engine.errors import MediaError
from engine.offline import FilmOptions, render
from engine.show import Show, load_show


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of half a second, the state kept 0.4 s before their ends."""
    monkeypatch.setattr(resuming, "PIECE_SECONDS", 0.5)
    monkeypatch.setattr(resuming, "LEAD_SECONDS", 0.4)


def _pictures(path: Path) -> list[np.ndarray]:
    import av

    with av.open(str(path)) as film:
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]


def _film(options: FilmOptions, show: Show, break_at: int = 0) -> int:
    """Render; the count of pictures drawn in this run."""
    drawn = 0

    def progress(done: int, _total: int) -> None:
        nonlocal drawn
        drawn += 1
        if done == break_at:
            raise KeyboardInterrupt

    try:
        render(str(demo.path()), show, options, progress)
    except KeyboardInterrupt:
        pass
    return drawn


def test_a_break_costs_one_piece(short: None, tmp_path: Path) -> None:
    show = load_show("night_drive")
    whole = FilmOptions(tmp_path / "whole.mp4", (192, 128), 10, 5.0, start=20.0, end=21.2,
                        resume=True)  # fmt: skip
    assert _film(whole, show) == 12 and len(list(tmp_path.iterdir())) == 1
    broken = replace(whole, path=tmp_path / "broken.mp4")
    assert _film(broken, show, break_at=11) == 11 and not broken.path.exists()
    assert _film(broken, show) == 2  # from the end of the second piece
    films = [_pictures(path) for path in (whole.path, broken.path)]
    assert [len(film) for film in films] == [12, 12]
    assert all(np.array_equal(a, b) for a, b in zip(*films, strict=True))
    assert abs(len(decode(broken.path)) / 48_000 - 1.2) < 0.05
    assert [path.name for path in tmp_path.iterdir() if "reel" in path.name] == []


def test_another_film_begins_anew(short: None, tmp_path: Path) -> None:
    show = load_show("night_drive")
    options = FilmOptions(tmp_path / "a.mp4", (192, 128), 10, 5.0, end=0.7, resume=True)
    assert _film(options, show, break_at=6) == 6
    assert _film(replace(options, seed=5), show, break_at=6) == 6
    reel = tmp_path / ".a.reel"
    (reel / "00000.npz").write_bytes(b"broken")
    assert _film(replace(options, seed=5), show) == 7
    with pytest.raises(MediaError, match="a film ends in"):
        _film(replace(options, path=tmp_path / "a.gif"), show)
