"""LoRAs: what they add, live weights that never drift, text encoders, files that do not fit."""

import re
import statistics
from types import SimpleNamespace

import pytest
import torch
from checkpoints import UNET, save_pair
from lora_files import ALPHA, RANK, factors_of, write_kohya, write_old, write_peft
from safetensors.torch import save_file

from engine.clock import monotonic, sleep
from engine.diffusion import lora
from engine.diffusion.lora import LoraDeck
from engine.diffusion.lora_names import check_lora, shapes_of
from engine.diffusion.model import load_model
from engine.diffusion.prompts import PromptBank, encode_text
from engine.diffusion.stream import Img2ImgStream
from engine.errors import ModelError
from engine.records import FrameParams, Lora, Prompt

SIZE = (64, 64)
WORDS = (Prompt("red sea", 1.0),)


@pytest.fixture(scope="module", autouse=True)
def own_folders(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def sd1(tmp_path_factory):
    return save_pair("sd1", tmp_path_factory.mktemp("sd1"))


@pytest.fixture(scope="module")
def sdxl(tmp_path_factory):
    return save_pair("sdxl", tmp_path_factory.mktemp("sdxl"))


def weights_of(model):
    return {(part, name): tensor.clone() for part in ("unet", "text_encoder", "text_encoder_2")
            if getattr(model, part) is not None
            for name, tensor in getattr(model, part).state_dict().items()}


def expected(before, factors, weight, scale=ALPHA / RANK):
    """W + w s B A, by another way than the engine's."""
    found = dict(before)
    for (part, module), (up, down) in factors.items():
        name = f"{module}.weight"
        key = (part, name) if (part, name) in found else (part, f"text_model.{name}")
        base = found[key]
        matrix = torch.baddbmm(base.flatten(1)[None], up.flatten(1)[None], down.flatten(1)[None],
                               alpha=weight * scale)
        found[key] = matrix[0].view(base.shape)
    return found


def changed(model, deck, *loras):
    deck.set([Lora(str(file), weight) for file, weight in loras])
    deck.change_text(deck.text_weights())
    return weights_of(model)


def assert_equal(found, wanted):
    assert found.keys() == wanted.keys()
    for key, tensor in wanted.items():
        torch.testing.assert_close(found[key], tensor, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("which", ["sd1", "sdxl"])
@pytest.mark.parametrize("write", [write_kohya, write_peft])
@pytest.mark.parametrize("form", [0, 1], ids=["folder", "one file"])
def test_what_is_added(which, write, form, request, tmp_path):
    model = load_model(request.getfixturevalue(which)[form], device="cpu")
    before, factors = weights_of(model), factors_of(model)
    assert any(len(up.shape) == 4 and down.shape[-1] == 3 for up, down in factors.values())
    file = write(tmp_path / "a.safetensors", factors)
    assert_equal(changed(model, LoraDeck(model), (file, 0.8)), expected(before, factors, 0.8))


def test_names_of_ldm_are_read(sdxl, tmp_path):
    model = load_model(sdxl[0], device="cpu")
    before, factors = weights_of(model), factors_of(model)
    names, inner = {}, {"conv1": "in_layers.2", "time_emb_proj": "emb_layers.1",
                        "conv_shortcut": "skip_connection"}
    for _, module in factors:
        start = max((key for key in UNET if module.startswith(key)), key=len, default=None)
        if start:
            rest = module[len(start) + 1 :]
            names[module] = ".".join(filter(None, (UNET[start], inner.get(rest, rest))))
    file = write_kohya(tmp_path / "a.safetensors", factors, names)
    assert "input_blocks" in str(names)
    assert_equal(changed(model, LoraDeck(model), (file, -0.5)), expected(before, factors, -0.5))


def test_names_of_old_are_read(sd1, tmp_path):
    model = load_model(sd1[0], device="cpu")
    before, factors = weights_of(model), factors_of(model, text=False)
    factors = {place: pair for place, pair in factors.items() if ".attn" in place[1]}
    file = write_old(tmp_path / "a.safetensors", factors)
    assert_equal(changed(model, LoraDeck(model), (file, 1.0)), expected(before, factors, 1.0, 1.0))


def test_several_at_once_and_no_drift(sd1, tmp_path):
    model = load_model(sd1[0], device="cpu")
    before = weights_of(model)
    one, two = factors_of(model, 1), factors_of(model, 2, text=False)
    first = write_kohya(tmp_path / "a.safetensors", one)
    second = write_peft(tmp_path / "b.safetensors", two)
    deck = LoraDeck(model)
    together = changed(model, deck, (first, 0.5), (second, -1.0))
    assert_equal(together, expected(expected(before, one, 0.5), two, -1.0))
    for n in range(1000):
        deck.set([Lora(str(first), (n % 7) / 3), Lora(str(second), 1.0 - n / 500)])
    again = changed(model, deck, (first, 0.5), (second, -1.0))
    assert all(torch.equal(again[key], together[key]) for key in again)
    back = changed(model, deck, (first, 0.0), (second, 0.0))
    assert all(torch.equal(back[key], before[key]) for key in back)


def test_the_picture_is_that_of_merged_weights(sd1, tmp_path):
    model = load_model(sd1[0], device="cpu")
    factors = factors_of(model)
    file = write_kohya(tmp_path / "a.safetensors", factors)

    def drawn(model, **more):
        stream = Img2ImgStream(model, SIZE)
        stream.step(FrameParams(0, 0.0, 0.05, prompts=WORDS, **more))
        return stream._state.picture, stream

    plain, _ = drawn(model)
    got, stream = drawn(model, loras=(Lora(str(file), 0.8),))
    assert (got - plain).abs().max() > 0.01
    stream.close()
    torch.testing.assert_close(drawn(model)[0], plain, rtol=0, atol=0)
    merged = expected(weights_of(model), factors, 0.8)
    for part in ("unet", "text_encoder"):
        getattr(model, part).load_state_dict(
            {name: tensor for (owner, name), tensor in merged.items() if owner == part})
    torch.testing.assert_close(drawn(model)[0], got, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("which", ["sd1", "sdxl"])
@pytest.mark.parametrize("write", [write_kohya, write_peft])
@torch.inference_mode()
def test_it_is_as_diffusers_has_it(which, write, request, tmp_path):
    pytest.importorskip("peft", reason="diffusers loads LoRAs by peft, which is not required here")
    import diffusers

    folder = request.getfixturevalue(which)[0]
    model = load_model(folder, device="cpu")
    picked = {place: pair for place, pair in factors_of(model).items()
              if place[0] != "unet" or ".attentions." in place[1]}
    file = write(tmp_path / "a.safetensors", picked)
    kind = "StableDiffusionXLPipeline" if which == "sdxl" else "StableDiffusionPipeline"
    pipe = getattr(diffusers, kind).from_pretrained(folder, local_files_only=True)
    pipe.load_lora_weights(str(file), adapter_name="a")
    pipe.set_adapters("a", 0.8)
    deck = LoraDeck(model)
    deck.set([Lora(str(file), 0.8)])
    deck.change_text(deck.text_weights())
    states = encode_text(model, "red sea")
    theirs = pipe.encode_prompt("red sea", device="cpu", num_images_per_prompt=1,
                                do_classifier_free_guidance=False)
    rows = states[:, :-1] if which == "sdxl" else states
    torch.testing.assert_close(rows, theirs[0], rtol=1e-4, atol=1e-5)
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    more = {}
    if which == "sdxl":
        torch.testing.assert_close(states[:, -1, :24], theirs[2], rtol=1e-4, atol=1e-5)
        ids = torch.tensor([[16.0, 16.0, 0, 0, 16.0, 16.0]])
        more = {"added_cond_kwargs": {"text_embeds": theirs[2], "time_ids": ids}}
    out = pipe.unet(x, 500, encoder_hidden_states=theirs[0], **more).sample
    mine = model.unet(x, 500, encoder_hidden_states=theirs[0], **more).sample
    torch.testing.assert_close(mine, out, rtol=1e-4, atol=1e-5)


def test_live_a_change_is_spread_over_pictures(sd1, tmp_path, monkeypatch):
    model = load_model(sd1[0], device="cpu")
    before, factors = weights_of(model), factors_of(model, text=False)
    file = str(write_kohya(tmp_path / "a.safetensors", factors))
    deck = LoraDeck(model, background=True)
    deck.set([Lora(file, 0.0)])
    monkeypatch.setattr(lora, "LEAST", 0.0)
    monkeypatch.setattr(lora, "SHARE", 0.0)
    deck.set([Lora(file, 1.0)])
    wanted = expected(before, factors, 1.0)

    def done():
        now = weights_of(model)
        return sum(torch.allclose(now[key], wanted[key], atol=1e-6)
                   for key in now if key[0] == "unet" and not torch.equal(before[key], wanted[key]))

    assert done() < len(factors)
    for _ in range(2 * len(factors) + 2):
        deck.set([Lora(file, 1.0)])
    assert done() == len(factors)
    deck.close()
    assert all(torch.equal(tensor, before[key]) for key, tensor in weights_of(model).items())


def test_live_a_new_file_is_read_beside_the_pictures(sd1, tmp_path):
    model = load_model(sd1[0], device="cpu")
    before, factors = weights_of(model), factors_of(model)
    file, other = (str(write_kohya(tmp_path / name, factors)) for name in
                   ("a.safetensors", "b.safetensors"))
    told = []
    deck = LoraDeck(model, background=True, tell=told.append)
    deck.set([])
    missing = str(tmp_path / "gone.safetensors")
    loras = [Lora(file, 0.5), Lora(missing, 1.0), Lora(other, 0.5)]
    deck.set(loras[:2])
    deck.set(loras)
    assert all(torch.equal(tensor, before[key]) for key, tensor in weights_of(model).items())
    until = monotonic() + 20
    wanted = expected(before, factors, 1.0)
    key = ("unet", "mid_block.attentions.0.proj_in.weight")
    while monotonic() < until and not torch.allclose(weights_of(model)[key], wanted[key],
                                                     atol=1e-6):
        deck.set(loras)
        sleep(0.01)
    for _ in range(100):
        deck.set(loras)
    deck.change_text(deck.text_weights())
    assert_equal(weights_of(model), wanted)
    assert len(told) == 1 and "gone.safetensors: cannot be read" in told[0] and deck.faults == 1
    deck.close()


def test_texts_are_encoded_anew_by_the_worker(sd1, tmp_path):
    model = load_model(sd1[0], device="cpu")
    file = str(write_kohya(tmp_path / "a.safetensors", factors_of(model)))
    deck = LoraDeck(model, background=True)
    bank = PromptBank(model, background=True, changes=deck)
    deck.set([Lora(file, 0.0)])
    plain = bank.blend(WORDS).clone()
    deck.set([Lora(file, 0.81)])
    assert deck.text_weights() == ((file, 0.8),)
    assert torch.equal(bank.blend(WORDS), plain)
    until = monotonic() + 10
    while torch.equal(bank.blend(WORDS), plain) and monotonic() < until:
        sleep(0.005)
    with torch.inference_mode():
        told = encode_text(model, "red sea")
    assert torch.equal(bank.blend(WORDS), told) and not torch.equal(told, plain)
    deck.set([Lora(file, 0.0)])
    assert torch.equal(bank.blend(WORDS), plain)
    bank.close()
    deck.close()


def test_a_plan_refuses_and_says_so():
    told = []
    deck = LoraDeck(SimpleNamespace(unet=None), background=True, tell=told.append)
    deck.set([Lora("a.safetensors", 0.0)])
    assert told == []
    deck.set([Lora("a.safetensors", 0.5)])
    deck.set([Lora("a.safetensors", 0.6)])
    assert told == ["LoRAs are drawn by torch alone: --runtime torch"]


@pytest.mark.parametrize("form", [0, 1], ids=["folder", "one file"])
def test_the_head_alone_tells_what_a_model_has(sd1, sdxl, form):
    for pair in (sd1, sdxl):
        model, shapes = load_model(pair[0], device="cpu"), shapes_of(pair[form])
        for part, rows in shapes.items():
            owner = getattr(model, part)
            there = {name.removeprefix("text_model."): tuple(module.weight.shape)
                     for name, module in owner.named_modules()
                     if getattr(module, "weight", None) is not None
                     and module.weight.ndim in (2, 4) and "embedding." not in name}
            rows = {name: shape for name, shape in rows.items() if "token_" not in name}
            assert rows.items() >= {k: v for k, v in there.items() if "_embedding" not in k}.items()


def bad(tmp_path, tensors, sd1):
    file = tmp_path / "bad.safetensors"
    save_file({name: torch.zeros(shape) for name, shape in tensors.items()}, file)
    with pytest.raises(ModelError) as caught:
        check_lora(file, sd1[0])
    assert "\n" not in str(caught.value) and str(caught.value).startswith(f"{file}: ")
    return str(caught.value)


TO_Q = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q"


@pytest.mark.parametrize(("tensors", "said"), [
    ({f"{TO_Q}.lora_down.weight": (4, 320), f"{TO_Q}.lora_up.weight": (320, 4)},
     r"made for another model: its mid_block\S+ changes 320x320, this one's unet has 64x64"),
    ({f"{TO_Q}.lora_down.weight": (4, 64)}, r"one of the two matrices is missing"),
    ({"lora_unet_heart.lora_down.weight": (4, 64), "lora_unet_heart.lora_up.weight": (64, 4)},
     r"made for another model: this one's unet has no heart"),
    ({f"{TO_Q}.lora_down.weight": (4, 64), f"{TO_Q}.dora_scale": (64, 1)},
     r"is a DoRA, which is not played"),
    ({f"{TO_Q}.hada_w1_a": (4, 64)}, r"is a LoHa, which is not played"),
    ({f"{TO_Q}.lora_down.weight": (4, 64), "heart": (2, 2)}, r"holds heart, which is no part of"),
    ({"emb_params": (2, 768)}, r"is a textual inversion.*, no LoRA"),
    ({"lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight": (4, 64)},
     r"changes nothing in this model"),
])
def test_a_file_that_does_not_fit_is_one_line(tmp_path, sd1, tensors, said):
    assert re.search(said, bad(tmp_path, tensors, sd1))


def test_pickles_and_cut_files_are_refused(tmp_path, sd1):
    pickled = tmp_path / "a.pt"
    pickled.write_bytes(b"\x80\x02}q\x00.")
    with pytest.raises(ModelError, match="is a pickle, which runs whatever"):
        check_lora(pickled, sd1[0])
    cut = write_kohya(tmp_path / "a.safetensors", factors_of(load_model(sd1[0], device="cpu")))
    cut.write_bytes(cut.read_bytes()[:-9])
    with pytest.raises(ModelError, match="cut short"):
        check_lora(cut, sd1[0])


def test_weights_that_are_no_numbers_are_left_out(tmp_path, sd1):
    model = load_model(sd1[0], device="cpu")
    factors = {place: (up / 0.0, down) for place, (up, down) in factors_of(model).items()}
    file = str(write_kohya(tmp_path / "a.safetensors", factors))
    with pytest.raises(ModelError, match="holds what is no number"):
        LoraDeck(model).set([Lora(file, 1.0)])
    told = []
    LoraDeck(model, background=True, tell=told.append).set([Lora(file, 1.0)])
    assert "no number; the show goes on without it" in told[0]


def test_a_change_costs_little_beside_a_picture(sd1, tmp_path):
    model = load_model(sd1[0], device="cpu")
    file = str(write_kohya(tmp_path / "a.safetensors", factors_of(model)))
    deck = LoraDeck(model)
    deck.set([Lora(file, 0.0)])
    took = []
    for n in range(50):
        start = monotonic()
        deck.set([Lora(file, n / 50)])
        took.append(monotonic() - start)
    assert statistics.median(took) < 0.05
