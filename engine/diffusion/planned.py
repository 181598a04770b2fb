"""A Model from a plan: converted graphs, its own tokenizer, no library that reads model folders.

The folder of a plan flows in, a Model flows out that draws and encodes prompts as the loaded one
does, without the seconds that importing diffusers and transformers takes. Its `unet` and `vae`
are None. Called once, in the process that draws.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from engine.diffusion.model import Model, model_folder
from engine.diffusion.plans import drop_plan, read_plan
from engine.diffusion.runtimes import Graph, GraphRuntime, Runtime, graphs_of
from engine.diffusion.sampling import Schedule
from engine.errors import ModelError

if TYPE_CHECKING:
    import torch

DRAWING = ("encode", "unet", "decode")
GRAPHS = (*DRAWING, "text")


def load_planned(runtime: str, model_name: str | Path, folder: Path, threads: int) -> Model:
    """The model of a plan, drawn by `runtime` on the CPU.

    Raises FileNotFoundError where there is none; ModelError when it is broken, and then it has
    been thrown away.
    """
    facts = read_plan_or_drop(folder)
    import torch

    try:
        graphs = graphs_of(runtime).load(folder, GRAPHS, threads)
        tokenizer = PlannedTokenizer(folder / "tokenizer.json")
        model = Model(
            name=str(model_name), folder=model_folder(model_name), device=torch.device("cpu"),
            dtype=torch.float32, tokenizer=tokenizer, unet=None, vae=None,
            text_encoder=PlannedText(graphs["text"], facts["tokens"]),
            alphas_cumprod=torch.tensor(facts["alphas_cumprod"]),
            runtime=GraphRuntime(runtime, graphs), schedule=Schedule(**facts["schedule"]),
            **{name: facts[name] for name in (
                "prediction_type", "scaling_factor", "shift_factor", "vae_scale",
                "latent_channels", "native_size")},
        )
    except Exception as error:  # files that are whole but that this version cannot open
        drop_plan(folder)
        text = " ".join(str(error).split())[:200]
        raise ModelError(f"{folder}: {type(error).__name__}: {text}") from error
    return model


def load_runtime(runtime: str, folder: Path, threads: int) -> Runtime:
    """Only what draws, of a plan: for a model that is loaded already.

    Raises FileNotFoundError where there is none; ModelError when it is broken, and then it has
    been thrown away.
    """
    read_plan_or_drop(folder)
    try:
        return GraphRuntime(runtime, graphs_of(runtime).load(folder, DRAWING, threads))
    except Exception as error:  # files that are whole but that this version cannot open
        drop_plan(folder)
        text = " ".join(str(error).split())[:200]
        raise ModelError(f"{folder}: {type(error).__name__}: {text}") from error


def read_plan_or_drop(folder: Path) -> dict[str, Any]:
    """As plans.read_plan, but a broken plan is thrown away before ModelError is raised."""
    try:
        return read_plan(folder)
    except ModelError:
        drop_plan(folder)
        raise


class PlannedTokenizer:
    """What `encode_text` asks of a tokenizer, by the file that the plan keeps."""

    def __init__(self, file: Path) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = made = Tokenizer.from_file(str(file))
        self.model_max_length = made.truncation["max_length"]
        self.bos_token_id, self.eos_token_id = made.encode("").ids[:2]
        self.pad_token_id = made.padding["pad_id"]
        made.no_padding()
        made.no_truncation()

    def __call__(self, text: str, add_special_tokens: bool = True, **_: Any) -> SimpleNamespace:
        """`input_ids`: the numbers of the text's tokens, neither cut nor padded."""
        return SimpleNamespace(
            input_ids=self._tokenizer.encode(text, add_special_tokens=add_special_tokens).ids
        )


class PlannedText:
    """What `encode_text` asks of a text encoder, by the plan's graph."""

    def __init__(self, graph: Graph, tokens: int) -> None:
        self._graph = graph
        self.config = SimpleNamespace(max_position_embeddings=tokens)

    def __call__(self, ids: torch.Tensor, **_: Any) -> tuple[torch.Tensor]:
        import torch

        return (torch.from_numpy(self._graph(ids.numpy())),)
