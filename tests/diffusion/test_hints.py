"""What a prompt says to the small model: nearest subjects, named colours, styles, effects."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.diffusion.hints import open_hints, read_phrases
from engine.diffusion.model_files import SMALL
from engine.diffusion.prompts import PromptBank, encode_text
from engine.diffusion.text_states import TextStates
from engine.errors import ModelError

PHRASES = {
    "subjects": {
        "ocean": ["ocean", "ocean waves", "stormy sea", "water"],
        "forest": ["forest", "pine forest", "trees", "jungle"],
        "flower": ["flower", "blooming flower", "rose petals"],
        "fire": ["fire", "flames", "burning flames"],
    },
    "colours": {"red": ["red", "scarlet"], "pink": ["pink", "rose"], "teal": ["sea green"]},
    "styles": {"neon": ["neon", "glowing neon"], "dark": ["dark", "at night"]},
}


def with_words(folder, source=SMALL, phrases=PHRASES):
    """A folder with the text encoder that ships and a short list of phrases."""
    for part in ("text_encoder", "tokenizer"):
        shutil.copytree(source / part, folder / part)
    (folder / "phrases.json").write_text(json.dumps(phrases), "utf-8")
    return folder


@pytest.fixture(scope="module")
def hints(tmp_path_factory):
    return open_hints(with_words(tmp_path_factory.mktemp("words")))


def test_numpy_and_the_library_agree(tmp_path):
    from transformers import CLIPTextModel, CLIPTokenizer

    texts = ["stormy sea", "qwxz", "", "very " * 60 + "red", "Blüten in BLAU"]
    encoder = CLIPTextModel.from_pretrained(SMALL / "text_encoder", dtype=torch.float32).eval()
    tokenizer = CLIPTokenizer.from_pretrained(SMALL / "tokenizer")
    length = encoder.config.max_position_embeddings
    ids = tokenizer(texts, padding="max_length", max_length=length, truncation=True,
                    return_tensors="pt").input_ids
    with torch.no_grad():
        states = encoder(input_ids=ids).last_hidden_state
    ends = (ids == ids[0, -1]).int().argmax(1)
    wanted = torch.nn.functional.normalize(states[torch.arange(len(texts)), ends], dim=-1)
    np.testing.assert_allclose(TextStates(SMALL).summary(texts), wanted.numpy(), atol=1e-5)


@pytest.mark.parametrize(
    ("prompt", "subject", "closeness"),
    [
        ("stormy sea", "ocean", "known"),
        ("a lonely OCEAN at the end of the world, teal", "ocean", "known"),
        ("rose petals, scarlet", "flower", "known"),
        ("qwxz", None, "far"),
        ("zxcvbnm qrtp", None, "far"),
    ],
)
def test_the_nearest_subject(hints, prompt, subject, closeness):
    hint = hints.hint(prompt)
    assert hint.nearest[0].closeness == closeness and hint.far == (closeness == "far")
    assert subject is None or hint.nearest[0].subject == subject
    assert len({near.subject for near in hint.nearest}) == 3


@pytest.mark.parametrize(("prompt", "subject"), [("rainforest", "forest"), ("sea", "ocean")])
def test_words_in_no_list_land_near_their_meaning(hints, prompt, subject):
    hint = hints.hint(prompt)
    assert hint.nearest[0].subject == subject and not hint.far


def test_colours_styles_and_effects_that_are_named(hints):
    hint = hints.hint("forest at night, scarlet and sea green, glowing neon, film grain")
    assert hint.colours == ("red", "teal") and set(hint.styles) == {"dark", "neon"}
    assert hint.effects == (("film grain", "grain"),)
    assert hint.nearest[0].subject == "forest"
    petals = hints.hint("rose petals")
    assert petals.colours == (), "the longest words win: these are no pink"
    for text in ("red", "film grain", "neon, vhs", "dark scarlet"):
        assert hints.hint(text).nearest == () and not hints.hint(text).far


def test_emphasis_changes_no_hint(hints):
    plain = hints.hint("stormy sea, scarlet, glowing neon, film grain")
    strong = hints.hint("((stormy sea)), (scarlet:1.3), [glowing neon], (film grain:0.5)")
    assert replace(strong, text=plain.text) == plain and strong.text.startswith("((")


def test_a_folder_without_a_list_gives_no_hints(ours, tmp_path):
    assert read_phrases(ours) is None and open_hints(ours) is None
    for text, says in (("{", "no JSON"), ('{"subjects": []}', "subjects")):
        (tmp_path / "phrases.json").write_text(text)
        with pytest.raises(ModelError, match=says):
            read_phrases(tmp_path)
    (tmp_path / "phrases.json").write_text(json.dumps(PHRASES))
    with pytest.raises(ModelError, match="text_encoder"):
        open_hints(tmp_path)


def test_hints_need_no_torch(tmp_path):
    with_words(tmp_path)
    code = (
        "import sys; from engine.diffusion.hints import open_hints;"
        f"print(open_hints({str(tmp_path)!r}).hint('stormy sea').nearest[0].subject);"
        "assert not {'torch', 'diffusers', 'transformers'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "ocean\n", done.stderr


def test_a_model_with_a_list_does_not_see_the_words_of_effects(ours, ours_model, tmp_path):
    """Those that know more (no list) see the whole prompt."""
    from dataclasses import replace

    (tmp_path / "phrases.json").write_text(json.dumps(PHRASES))
    taught = replace(ours_model, folder=tmp_path)
    whole, plain = (encode_text(ours_model, text) for text in ("sea, film grain", "sea"))
    assert not torch.equal(whole, plain)
    assert torch.equal(PromptBank(taught).encode("sea, film grain"), plain)
    assert torch.equal(PromptBank(ours_model).encode("sea, film grain"), whole)
