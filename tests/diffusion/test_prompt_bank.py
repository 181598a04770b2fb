"""Prompts are encoded once; a blend keeps its strength and never waits."""

import threading

import pytest
import torch

from engine.diffusion import prompts
from engine.diffusion.model import load_model
from engine.diffusion.prompts import PromptBank, blend_states, emphasise, encode_text
from engine.records import Prompt


def random_states(seed):
    return torch.randn(1, 5, 8, generator=torch.Generator().manual_seed(seed))


def test_blend_is_the_weighted_mean_with_the_weighted_norm():
    a, b, c = (random_states(seed) for seed in range(3))
    got = blend_states([a, b, c], [1.0, 2.0, 1.0])
    mean = 0.25 * a + 0.5 * b + 0.25 * c
    norm = 0.25 * a.norm(dim=-1) + 0.5 * b.norm(dim=-1) + 0.25 * c.norm(dim=-1)
    torch.testing.assert_close(got.norm(dim=-1), norm)
    direction = torch.nn.functional.cosine_similarity(got, mean, dim=-1)
    torch.testing.assert_close(direction, torch.ones_like(direction))


def test_one_prompt_is_itself_whatever_its_weight():
    a = random_states(1)
    torch.testing.assert_close(blend_states([a], [0.2]), a)
    torch.testing.assert_close(blend_states([a, random_states(2)], [3.0, 0.0]), a)


def test_two_go_along_the_arc_token_by_token():
    a, b = random_states(1), 3.0 * random_states(2)
    angle = torch.acos(torch.nn.functional.cosine_similarity(a, b, dim=-1))
    for share in (0.1, 0.5, 0.8):
        got = blend_states([a, b], [1.0 - share, share])
        turned = torch.acos(torch.nn.functional.cosine_similarity(a, got, dim=-1))
        torch.testing.assert_close(turned, share * angle, rtol=1e-4, atol=1e-4)
        norm = (1.0 - share) * a.norm(dim=-1) + share * b.norm(dim=-1)
        torch.testing.assert_close(got.norm(dim=-1), norm)
    near = a + 1e-5 * b
    torch.testing.assert_close(blend_states([a, near], [0.5, 0.5]), a, rtol=1e-3, atol=1e-4)


def test_pooled_text_of_sdxl_is_blended_alike(sdxl):
    model = load_model(sdxl, device="cpu")
    bank = PromptBank(model)
    plain = encode_text(model, "red")
    assert torch.equal(bank.blend((Prompt("red", 1.0),)), plain)
    torch.testing.assert_close(bank.blend((Prompt("red", 1.0), Prompt("sea", 1e-9))), plain)
    both = bank.blend((Prompt("red", 0.5), Prompt("sea", 0.5)))
    rows = [encode_text(model, text)[:, -1:, :24] for text in ("red", "sea")]
    torch.testing.assert_close(both[:, -1:, :24], blend_states(rows, [0.5, 0.5]))
    assert not both[:, -1, 24:].any()


def test_opposite_prompts_do_not_give_nan():
    a = random_states(1)
    assert torch.isfinite(blend_states([a, -a], [0.5, 0.5])).all()


def test_the_buffer_stays_the_same_and_no_prompt_is_the_empty_text(ours_model):
    bank = PromptBank(ours_model)
    first = bank.blend((Prompt("red", 1.0),))
    place = first.data_ptr()
    second = bank.blend(())
    assert second.data_ptr() == place
    torch.testing.assert_close(second, bank.encode(""))
    torch.testing.assert_close(bank.blend((Prompt("red", 0.0),)), bank.encode(""))


def test_each_text_is_encoded_once_and_old_ones_are_forgotten(ours_model, monkeypatch):
    asked = []
    real = prompts.encode_text
    monkeypatch.setattr(prompts, "encode_text",
                        lambda model, text: asked.append(text) or real(model, text))
    bank = PromptBank(ours_model, capacity=2)
    for text in ("a", "b", "a", "c", "b"):
        bank.encode(text)
    assert asked == ["a", "b", "c", "b"]  # b was the oldest when c came


@pytest.fixture
def slow_encoder(monkeypatch):
    """Holds back every text but "red" until it is set."""
    gate = threading.Event()
    real = prompts.encode_text

    def encode(model, text):
        if text != "red":
            gate.wait(20)
        return real(model, text)

    monkeypatch.setattr(prompts, "encode_text", encode)
    yield gate
    gate.set()


def test_a_new_prompt_does_not_stop_the_pictures(ours_model, slow_encoder):
    bank = PromptBank(ours_model, background=True)
    red = bank.blend((Prompt("red", 1.0),)).clone()
    pair = (Prompt("red", 0.5), Prompt("blue", 0.5))
    torch.testing.assert_close(bank.blend(pair), red)
    torch.testing.assert_close(bank.blend((Prompt("blue", 1.0),)), red)
    slow_encoder.set()
    bank.close()  # the worker finishes what was asked before it ends
    expected = blend_states([bank.encode("red"), bank.encode("blue")], [0.5, 0.5])
    torch.testing.assert_close(bank.blend(pair), expected)


def as_the_library_does(model, text):
    """The text states of plain words, by the tokenizer's own padding."""
    longest = model.text_encoder.config.max_position_embeddings
    tokens = model.tokenizer(text, padding="max_length", truncation=True, return_tensors="pt",
                             max_length=longest)
    with torch.inference_mode():
        return model.text_encoder(tokens.input_ids)[0]


@pytest.mark.parametrize("text", ["", "red", "a stormy sea, teal", "very " * 60 + "red", "Blüten"])
def test_plain_words_are_encoded_as_the_library_does(ours_model, text):
    assert torch.equal(encode_text(ours_model, text), as_the_library_does(ours_model, text))


ONES = ["a (stormy:1.0) sea", "(a (stormy:1) sea:1)", "(a:1.) stormy sea"]


@pytest.mark.parametrize("text", ONES)
def test_emphasis_of_one_is_exactly_the_plain_words(ours_model, text):
    assert torch.equal(encode_text(ours_model, text), encode_text(ours_model, "a stormy sea"))


def test_emphasis_moves_the_states_of_its_words_by_its_weight(ours_model):
    """Before the size is brought back, which is one number for all tokens."""
    plain = encode_text(ours_model, "a stormy sea, teal")
    strong = encode_text(ours_model, "a (stormy:1.3) sea, teal")
    factor = (strong / plain)[0].median(dim=-1).values
    after = len(ours_model.tokenizer("a stormy").input_ids) - 1
    before = len(ours_model.tokenizer("a").input_ids) - 1
    torch.testing.assert_close(factor[before:after] / factor[0],
                               torch.full((after - before,), 1.3), atol=1e-3, rtol=0)
    rest = torch.cat((factor[:before], factor[after:])) / factor[0]
    torch.testing.assert_close(rest, torch.ones_like(rest), atol=1e-3, rtol=0)
    assert strong.square().mean().item() == pytest.approx(plain.square().mean().item(), rel=1e-3)


def test_a_mean_that_says_something_is_brought_back():
    states = random_states(1) + 0.4
    weights = [1.0, 1.3, 1.3, 1.0, 1 / 1.1]
    got = emphasise(states, weights)
    assert got.mean().item() == pytest.approx(states.mean().item(), rel=1e-5)
    torch.testing.assert_close(got[0, 1] / got[0, 0], 1.3 * states[0, 1] / states[0, 0])


@pytest.mark.parametrize("weights", [[0.0] * 5, [-10.0, 10.0, 1.0, 0.0, -1.0], [10.0] * 5])
def test_no_emphasis_gives_what_is_no_number_or_another_size(weights):
    for shift in (0.0, 0.4):
        states = random_states(2) + shift
        got = emphasise(states, weights)
        assert torch.isfinite(got).all() and 0.2 < got.std() / states.std() < 5.0


def test_words_of_effects_leave_no_empty_brackets(ours_model, monkeypatch):
    asked = []
    monkeypatch.setattr(prompts, "encode_text", lambda model, text: asked.append(text))
    bank = PromptBank(ours_model)
    bank._plain = True
    bank.encode("(stormy:1.2) sea, (film grain:1.3)")
    assert asked == ["(stormy:1.2) sea"]
