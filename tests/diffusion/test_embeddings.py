"""Textual inversion: words of one's own anywhere in a prompt, as diffusers has them."""

import shutil

import pytest
import torch
from checkpoints import save_pair
from safetensors.torch import save_file

from engine import vocabulary
from engine.diffusion.acceleration import aim
from engine.diffusion.embeddings import Words, embeddings_of, read_vectors
from engine.diffusion.inventory import inspect, lines
from engine.diffusion.model import load_model
from engine.diffusion.prompts import emphasise, encode_text
from engine.errors import ModelError


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    return {kind: save_pair(kind, tmp_path_factory.mktemp(kind)) for kind in ("sd1", "sdxl")}


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def home(tmp_path):
    place = tmp_path / "config" / "liquidlight" / "embeddings"
    place.mkdir(parents=True)
    return place


def vectors(count, width=64, seed=1):
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed)) * 0.5


def states_of(pipe, text):
    with torch.inference_mode():
        return pipe.encode_prompt(text, device="cpu", num_images_per_prompt=1,
                                  do_classifier_free_guidance=False)


def ours_of(model, text):
    return encode_text(model, text)


def test_it_is_as_diffusers_has_it(pairs, home):
    from diffusers import StableDiffusionPipeline

    folder = pairs["sd1"][0]
    save_file({"emb_params": vectors(3)}, home / "fern.safetensors")
    save_file({"<cat-toy>": vectors(1, seed=2)}, home / "toy.safetensors")
    pipe = StableDiffusionPipeline.from_pretrained(folder, local_files_only=True)
    pipe.load_textual_inversion({"fern": vectors(3)}, token="fern")
    pipe.load_textual_inversion({"<cat-toy>": vectors(1, seed=2)}, token="<cat-toy>")
    model = load_model(folder, device="cpu")
    for text in ("fern", "red fern sea", "a fern, a <cat-toy>", "sea"):
        torch.testing.assert_close(ours_of(model, text), states_of(pipe, text)[0],
                                   rtol=1e-5, atol=1e-5)
    assert torch.equal(ours_of(model, "a FERN"), ours_of(model, "a fern"))
    assert torch.equal(ours_of(model, "a toy"), ours_of(model, "a <cat-toy>"))
    assert not torch.equal(ours_of(model, "ferns"), ours_of(model, "fern s"))


def test_both_encoders_of_sdxl(pairs, home):
    from diffusers import StableDiffusionXLPipeline

    folder = pairs["sdxl"][0]
    pair = {"clip_l": vectors(2), "clip_g": vectors(2, seed=3)}
    save_file(pair, home / "fern.safetensors")
    pipe = StableDiffusionXLPipeline.from_pretrained(folder, local_files_only=True)
    pipe.load_textual_inversion({"fern": pair["clip_l"]}, token="fern",
                                text_encoder=pipe.text_encoder, tokenizer=pipe.tokenizer)
    pipe.load_textual_inversion({"fern": pair["clip_g"]}, token="fern",
                                text_encoder=pipe.text_encoder_2, tokenizer=pipe.tokenizer_2)
    states, _, pooled, _ = states_of(pipe, "red fern sea")
    for name in pairs["sdxl"]:
        got = ours_of(load_model(name, device="cpu"), "red fern sea")
        torch.testing.assert_close(got[:, :-1], states, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(got[:, -1, :24], pooled, rtol=1e-5, atol=1e-5)


def test_emphasis_counts_for_all_its_vectors(pairs, home):
    save_file({"emb_params": vectors(3)}, home / "fern.safetensors")
    model = load_model(pairs["sd1"][0], device="cpu")
    got = ours_of(model, "a (fern:1.5) b")
    plain = ours_of(model, "a fern b")
    weights = [1.0, 1.0, 1.5, 1.5, 1.5, *[1.0] * 11]
    torch.testing.assert_close(got, emphasise(plain, weights))


def test_folders_beside_and_within_the_model(pairs, tmp_path):
    folder = shutil.copytree(pairs["sd1"][0], tmp_path / "models" / "one")
    for place, name in ((folder, "inner"), (folder.parent, "outer")):
        (place / "embeddings").mkdir()
        save_file({"emb_params": vectors(2)}, place / "embeddings" / f"{name}.safetensors")
    assert [row.words for row in embeddings_of(folder)[0]] == [("inner",), ("outer",)]
    assert aim("auto", folder, "cpu") == "torch"
    assert "embeddings" not in vocabulary.vocabulary("small")
    assert vocabulary.vocabulary(str(folder))["embeddings"]["inner"] == ["inner"]
    assert "embeddings:" in vocabulary.list_words(str(folder))


def test_the_model_verb_tells_what_is_read_and_what_not(pairs, home):
    save_file({"emb_params": vectors(2)}, home / "fern.safetensors", {"name": "my fern"})
    save_file({"emb_params": vectors(2, 96)}, home / "wide.safetensors")
    save_file({"a": vectors(2), "b": vectors(2)}, home / "two.safetensors")
    (home / "old.pt").write_bytes(b"\x80\x02}q\x00.")
    (home / "cut.safetensors").write_bytes(b"\x80")
    found = inspect(str(pairs["sd1"][0]), (640, 360))
    assert found["embeddings"] == ["fern", "my fern"]
    said = "\n".join(lines(found))
    for reason in ("old.pt: is a pickle, which runs", "cut.safetensors: cut short",
                   "wide.safetensors: is made for another model: its vectors are of width 96, "
                   "this one's are of 64", "two.safetensors: holds a, b; allowed: one list"):
        assert reason in said
    assert load_model(pairs["sd1"][0], device="cpu").words.split("my fern", 0)[0][1]


def test_a_model_file_is_no_embedding(pairs):
    with pytest.raises(ModelError, match=r"one.safetensors: is .*, no textual inversion"):
        read_vectors(pairs["sd1"][1])


def test_words_are_found_whole():
    words = Words({"sea": [(7,)], "deep sea": [(8, 9)], "<x>": [(5,)]})
    assert words.split("a deep sea, SEA <x>seaside", 0) == [
        ("a ", ()), ("", (8, 9)), (", ", ()), ("", (7,)), (" ", ()), ("", (5,)), ("seaside", ())]
    assert Words({}).split("sea", 0) == [("sea", ())]
