"""The generator's benchmark runs beside diffusers' own pipeline and gives finite figures."""

import json

import pytest

from bench.generator import run


@pytest.mark.filterwarnings("ignore::FutureWarning:diffusers")
def test_figures_of_both_contestants(ours, capsys):
    figures = run(str(ours), (64, 64), seconds=0.5, device="cpu")
    assert set(figures["ms"]) == {"encode", "denoise", "decode", "total"}
    for ms in (*figures["ms"].values(), figures["peer_ms"]):
        assert 0 < ms["p50"] <= ms["p99"]
    assert figures["threads"] == 1 and figures["frames"] >= 5 and figures["ratio"] > 0
    assert set(figures["start_s"]) == {"import", "load", "first"}
    assert json.loads(json.dumps(figures)) == figures
    shown = capsys.readouterr()
    assert shown.out == "" and "diffusers' own" in shown.err
