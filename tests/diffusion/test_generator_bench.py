"""The generator's benchmark runs beside diffusers' own pipeline and gives finite figures."""

import json

import pytest

from bench.generator import run


@pytest.mark.filterwarnings("ignore::FutureWarning:diffusers")
def test_figures_of_all_contestants(ours, capsys, monkeypatch):
    from engine.diffusion import runtimes

    monkeypatch.setattr(runtimes, "missing_packages",
                        lambda name: [name] if name == "onnx" else [])
    figures = run(str(ours), (64, 64), seconds=0.5, threads=1, device="cpu", starts=False)
    assert set(figures["runtimes"]) == {"torch", "openvino", "diffusers"}
    assert figures["without"] == {"onnx": "onnx is not installed"}
    for name, row in figures["runtimes"].items():
        stages = {"total", "cpu"} if name == "diffusers" else {
            "encode", "denoise", "decode", "total", "cpu"}
        assert set(row["ms"]) == stages and row["frames"] >= 5
        for ms in row["ms"].values():
            assert 0 < ms["min"] <= ms["p50"] <= ms["p99"]
        assert all(row[key] > 0 for key in ("ratio", "ratio_of_min", "ratio_of_cpu", "fps"))
    assert figures["runtimes"]["diffusers"]["ratio"] == 1.0 and figures["threads"] == 1
    assert json.loads(json.dumps(figures)) == figures
    shown = capsys.readouterr()
    assert shown.out == "" and "diffusers" in shown.err and "not installed" in shown.err
