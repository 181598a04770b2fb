"""`liquidlight model`: what a model is and needs, by its files; the hub's cache; the hub itself."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import pytest

from engine.diffusion.inventory import inspect, lines, wanted
from engine.diffusion.model import load_model

NAME = "someone/tiny"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def run(*arguments, **environment):
    code = "import sys; from engine.cli import main; sys.exit(main(sys.argv[1:]))"
    return subprocess.run([sys.executable, "-W", "ignore", "-c", code, "model", *arguments],
                          env={**os.environ, "HF_HUB_OFFLINE": "0", **environment},
                          capture_output=True, text=True, timeout=120)


def test_the_numbers_are_those_of_the_loaded_model(ours):
    found = inspect(str(ours), (1280, 720))
    model = load_model(ours, device="cpu")
    counted = {part["part"]: part["parameters"] for part in found["parts"]}
    for part in ("unet", "vae", "text_encoder"):
        assert counted[part] == sum(p.numel() for p in getattr(model, part).parameters())
    assert found["weights_bytes"]["cpu"] == 4 * sum(counted.values())
    assert found["native_size"] == [64, 64] and found["steps"] == "LCM"
    assert found["family"] == "of its own size"


def test_an_xl_model_is_told_apart(sdxl):
    found = inspect(str(sdxl), (640, 640))
    assert found["family"] == "Stable Diffusion XL class"
    assert [part["part"] for part in found["parts"]][-1] == "text_encoder_2"
    assert found["steps"] == "Euler ancestral" and found["canvas"] == [64, 64]
    assert all("\n" not in line and len(line) < 160 for line in lines(found))


def test_of_a_hub_model_only_what_is_played_is_fetched():
    there = [
        "model_index.json", "README.md", "sd.ckpt", "one_file.safetensors",
        "unet/config.json", "unet/diffusion_pytorch_model.safetensors",
        "unet/diffusion_pytorch_model.fp16.safetensors", "unet/diffusion_pytorch_model.bin",
        "vae/config.json", "vae/diffusion_pytorch_model.safetensors",
        "text_encoder/config.json", "text_encoder/model.safetensors",
        "text_encoder/pytorch_model.bin", "tokenizer/merges.txt", "safety_checker/config.json",
        "scheduler/scheduler_config.json", "unet/diffusion_pytorch_model.non_ema.safetensors",
    ]
    assert sorted(wanted(there)) == sorted([
        "model_index.json", "unet/config.json", "unet/diffusion_pytorch_model.fp16.safetensors",
        "vae/config.json", "vae/diffusion_pytorch_model.safetensors", "text_encoder/config.json",
        "text_encoder/model.safetensors", "tokenizer/merges.txt",
        "scheduler/scheduler_config.json",
    ])


@pytest.fixture
def hub(ours):
    """A hub on loopback that has one model: the part of its protocol that is used here."""
    asked = []

    class Hub(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_HEAD(self):
            self.do_GET()

        def do_GET(self):
            path = unquote(self.path.split("?")[0])
            asked.append((self.command, path))
            if path.startswith(f"/api/models/{NAME}/tree/"):
                return self.answer(json.dumps(tree).encode(), {})
            if path.startswith(f"/api/models/{NAME}"):
                return self.answer(json.dumps(about).encode(), {})
            file = ours / path.partition(f"/{NAME}/resolve/{COMMIT}/")[2]
            if not file.is_file():
                return self.answer(b"", {"X-Error-Code": "RepoNotFound"}, 404)
            data = file.read_bytes()
            self.answer(data, {"ETag": f'"{hashlib.sha1(data).hexdigest()}"',
                               "X-Repo-Commit": COMMIT})

        def answer(self, data, headers, status=200):
            self.send_response(status)
            for key, value in {**headers, "Content-Length": len(data)}.items():
                self.send_header(key, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(data)

    files = [str(file.relative_to(ours)) for file in ours.rglob("*") if file.is_file()]
    about = {"id": NAME, "sha": COMMIT, "private": False, "tags": [], "downloads": 0, "likes": 0,
             "siblings": [{"rfilename": name} for name in [*files, "unet/secret.bin"]]}
    tree = [{"type": "file", "path": name, "size": (ours / name).stat().st_size,
             "oid": hashlib.sha1((ours / name).read_bytes()).hexdigest()} for name in files]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_hub_name_is_fetched_when_asked_for_and_then_lies_in_the_cache(hub, tmp_path):
    address, asked = hub
    where = {"HF_ENDPOINT": address, "HF_HOME": str(tmp_path / "hub"), "HF_HUB_DISABLE_XET": "1"}
    refused = run(NAME, **where)
    assert refused.returncode == 2 and asked == []
    assert refused.stderr.strip().endswith(
        "liquidlight model NAME --download fetches it") and "\n" not in refused.stderr.strip()
    done = run(NAME, "--download", "--json", **where)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["name"] == NAME and COMMIT in found["folder"]
    assert not any(path.endswith(".bin") for _, path in asked)
    asked.clear()
    again = run(NAME, **where)
    assert again.returncode == 0 and again.stdout.startswith(f"{NAME}: ") and asked == []


def test_a_hub_that_cannot_be_reached_is_one_line(tmp_path):
    where = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path)}
    done = run(NAME, "--download", **where)
    assert done.returncode == 2 and f"{NAME}: cannot be fetched: " in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_there_can_be_warmed_up(ours, tmp_path):
    copy = shutil.copytree(ours, tmp_path / "copy")
    (copy / "noise.json").unlink(missing_ok=True)
    blocked = ("import sys; sys.modules.update(openvino=None, onnxruntime=None);"
               "from engine.diffusion.inventory import warm_up; import json;"
               "import engine.diffusion.acceleration as a; a.best = lambda name: 'torch';"
               f"print(json.dumps(warm_up({str(copy)!r}, (64, 64))))")
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", blocked], timeout=120,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    warm = json.loads(done.stdout)
    assert warm["runtime"] == "torch" and warm["ready_s"] > 0 and warm["picture_ms"] > 0
