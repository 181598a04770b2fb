"""TensorRT's two functions against a stand-in of its package: both versions' way of building.

No GPU and no package are to be had here; what is tested is everything up to their doors: the calls
in order, addresses that are really written to, and what is told when a door stays shut.
"""

import ctypes
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from engine.diffusion import acceleration, convert, devices, plans, runtimes, tensorrt_graphs
from engine.diffusion.acceleration import Acceleration
from engine.diffusion.plans import plan_folder
from engine.diffusion.runtimes import GraphRuntime
from engine.errors import ModelError

SIZE = (64, 64)


class Package:
    """A tensorrt that doubles: its plans are recipes, its contexts write where they are told."""

    class Logger:
        ERROR = 1

        def __init__(self, level):
            pass

    class TensorIOMode:
        INPUT, OUTPUT = "in", "out"

    class DataType:
        FLOAT, HALF, INT64, INT32 = range(4)

    class MemoryPoolType:
        WORKSPACE = 0

    def __init__(self, version, typed, parses=True):
        self.__version__, self.created, self.parses = version, [], parses
        flags = {"EXPLICIT_BATCH": 0, **({"STRONGLY_TYPED": 1} if typed else {})}
        self.NetworkDefinitionCreationFlag = SimpleNamespace(**flags)

    def Builder(self, logger):
        return SimpleNamespace(
            create_network=lambda flags: self.created.append(flags) or "network",
            create_builder_config=lambda: SimpleNamespace(
                set_memory_pool_limit=lambda pool, size: None),
            build_serialized_network=lambda network, config: b"plan")

    def OnnxParser(self, network, logger):
        return SimpleNamespace(parse_from_file=lambda path: self.parses, num_errors=1,
                               get_error=lambda n: "node 3: no such operator")

    def Runtime(self, logger):
        return SimpleNamespace(deserialize_cuda_engine=lambda data: Made(self) if data else None)


class Made:
    """A deserialized plan of two inputs of three floats: output = input1 * 2 + input0."""

    num_io_tensors = 3
    names = ("input1", "output", "input0")

    def __init__(self, trt):
        self.trt, self.addresses = trt, {}

    def get_tensor_name(self, n):
        return self.names[n]

    def get_tensor_mode(self, name):
        return "out" if name == "output" else "in"

    def get_tensor_dtype(self, name):
        return self.trt.DataType.FLOAT

    def get_tensor_shape(self, name):
        return (3,)

    def create_execution_context(self):
        return SimpleNamespace(set_tensor_address=self.addresses.__setitem__, run=self.run)

    def run(self):
        at = {name: np.ctypeslib.as_array(ctypes.cast(where, ctypes.POINTER(ctypes.c_float)), (3,))
              for name, where in self.addresses.items()}
        at["output"][:] = at["input1"] * 2 + at["input0"]


@pytest.fixture
def package(monkeypatch, request):
    made = Package(*getattr(request, "param", ("10.3.0", True)))
    monkeypatch.setitem(sys.modules, "tensorrt", made)
    monkeypatch.setattr(devices, "has_cuda", lambda: True)
    monkeypatch.setattr(tensorrt_graphs, "_device", lambda: "cpu")
    monkeypatch.setattr(tensorrt_graphs, "on_current_stream", lambda context: context.run())
    return made


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.parametrize("package, flags", [(("10.3.0", True), 2), (("11.4.0.106", False), 0)],
                         indirect=["package"])
def test_both_versions_build_strongly_typed(package, flags, tmp_path):
    tensorrt_graphs.save("unet", torch.nn.Linear(3, 3), (torch.zeros(1, 3),), tmp_path)
    assert package.created == [flags]
    assert [file.name for file in tmp_path.iterdir()] == ["unet.plan"]
    assert (tmp_path / "unet.plan").read_bytes() == b"plan"


def test_plans_read_and_write_at_their_addresses(package, tmp_path):
    (tmp_path / "unet.plan").write_bytes(b"plan")
    graph = tensorrt_graphs.load(tmp_path, ("unet",), 1)["unet"]
    first = graph(torch.tensor([1.0, 2, 3]), torch.tensor([10.0, 20, 30]))
    assert first.tolist() == [21, 42, 63]  # inputs go by their names' numbers
    assert graph(torch.zeros(3, dtype=torch.float16), torch.ones(3)).tolist() == [2, 2, 2]
    assert first.tolist() == [21, 42, 63]  # a result is the caller's own


def test_a_plan_of_another_gpu_is_told(package, tmp_path):
    (tmp_path / "unet.plan").write_bytes(b"")
    with pytest.raises(ModelError, match="unet is no plan for this TensorRT and this GPU"):
        tensorrt_graphs.load(tmp_path, ("unet",), 1)


@pytest.mark.parametrize("package, said", [
    (("9.2.0", True), "TensorRT 9.2.0, allowed: 10 and later"),
    (("10.3.0", True, False), "cannot read it: node 3: no such operator")], indirect=["package"])
def test_what_cannot_be_built_is_one_line(package, said, tmp_path):
    with pytest.raises(ModelError, match=said):
        tensorrt_graphs.save("unet", torch.nn.Linear(3, 3), (torch.zeros(1, 3),), tmp_path)


def test_rows_go_one_by_one_with_their_own_timesteps():
    asked = []
    graphs = {"unet": lambda x, t, states: asked.append(t.item()) or x * 2}
    run = GraphRuntime("tensorrt", graphs)
    x = torch.arange(6.0).reshape(2, 3)
    assert torch.equal(run.unet(x, torch.tensor([900.0, 300.0]), torch.zeros(2, 1, 1)), x * 2)
    run.unet(x, 499, torch.zeros(2, 1, 1))
    assert asked == [900, 300, 499, 499]


def test_without_a_gpu_it_is_not_imported(monkeypatch, ours):
    monkeypatch.setitem(sys.modules, "tensorrt", None)  # importing it would raise
    with pytest.raises(ModelError, match="TensorRT needs a CUDA device"):
        tensorrt_graphs.tensorrt()
    with pytest.raises(ModelError, match="TensorRT needs a CUDA device"):
        convert.convert("tensorrt", ours, SIZE)
    told = []
    made = Acceleration("tensorrt", ours, SIZE, "cpu", 1, told.append)
    assert told == ["TensorRT needs a CUDA device: torch draws"] and made.take() is None
    with pytest.raises(ModelError, match="it needs a CUDA device; allowed here: torch, compiled"):
        acceleration.load_accelerated("graphs", ours, SIZE, 1, "cpu")


def test_a_plan_is_named_after_the_gpu_too(monkeypatch, ours):
    def named(facts):
        monkeypatch.setattr(tensorrt_graphs, "device_facts", lambda: facts)
        return plan_folder("tensorrt", ours, SIZE)

    first = named(["NVIDIA H100", "(9, 0)"])
    assert first.name.startswith("tensorrt-64x64-") and first == named(["NVIDIA H100", "(9, 0)"])
    assert first != named(["NVIDIA L4", "(8, 9)"]) != named(["NVIDIA L4", "(9, 0)"])
    monkeypatch.setattr(plans, "version", lambda package: "11.0")
    assert first != named(["NVIDIA H100", "(9, 0)"])


def test_a_gpu_begins_with_graphs_and_goes_over_to_tensorrt(monkeypatch, ours_model):
    """The whole way of a show with the package installed, the CUDA calls left out."""
    from dataclasses import replace

    on_gpu = replace(ours_model, device=SimpleNamespace(type="cuda"))
    graphs, plan = SimpleNamespace(name="graphs"), SimpleNamespace(name="tensorrt")
    monkeypatch.setattr(runtimes, "find_spec", lambda name: object())
    monkeypatch.setattr(acceleration, "load_model", lambda *about: on_gpu)
    monkeypatch.setattr(acceleration, "device_of", lambda name: None)
    monkeypatch.setattr(acceleration, "captured", lambda model: graphs)
    monkeypatch.setattr(acceleration, "plan_folder", lambda *about: about)
    opened = []

    def load_runtime(name, folder, threads):
        opened.append(name)
        if len(opened) == 1:
            raise FileNotFoundError
        return plan

    monkeypatch.setattr(acceleration, "load_runtime", load_runtime)
    monkeypatch.setattr(acceleration, "start_conversion", lambda *about: "converter")
    monkeypatch.setattr(acceleration, "finish_conversion", lambda converter: None)
    monkeypatch.setattr(acceleration, "end", lambda converter: None)
    monkeypatch.setattr(Acceleration, "_start", lambda self, work: setattr(self, "work", work))
    told = []
    made = Acceleration("auto", "small", SIZE, "cuda", 1, told.append)
    assert made.take() is graphs and made.take() is None
    made.work()
    assert made.take() is plan and told == ["TensorRT draws now"] and len(opened) == 2
    made.refused("tensorrt")
    opened.clear()
    made.work()
    assert made.take() is None  # what has failed is not handed over again
