"""The drawn pictures: same seed same pictures, and captions that tell what was drawn."""

import random

import pytest
import torch

from training import captions, palettes
from training.canvas import Canvas
from training.pictures import Pictures
from training.styles import STYLES
from training.subjects import BY_NAME, SUBJECTS


def test_a_seed_draws_the_same_pictures_again():
    first, second = Pictures(7, 32).draw(20), Pictures(7, 32).draw(20)
    assert torch.equal(first.images, second.images)
    assert first.captions == second.captions
    assert not torch.equal(first.images, Pictures(8, 32).draw(20).images)


def test_drawing_leaves_the_global_generators_alone():
    torch.manual_seed(3)
    random.seed(3)
    expected = torch.rand(1), random.random()
    torch.manual_seed(3)
    random.seed(3)
    Pictures(1, 32).draw(8)
    assert (torch.rand(1), random.random()) == expected


def test_every_subject_draws_pictures_in_range_that_differ():
    pictures = Pictures(1, 64)
    for subject in SUBJECTS:
        images = pictures.draw_subject(subject, 2).images
        assert images.shape == (2, 3, 64, 64), subject.name
        assert 0 <= images.min() and images.max() <= 1, subject.name
        assert not torch.equal(images[0], images[1]), subject.name


def test_a_caption_names_what_was_drawn():
    chance = random.Random(2)
    for subject in SUBJECTS * 4:
        look = captions.choose(subject, chance)
        words = captions.caption(look, chance)
        assert look.phrase in words and look.paint.words in words
        assert not look.style or any(word in words for word in look.style.words)


def test_borrowed_words_stand_in_for_the_subject():
    chance = random.Random(2)
    looks = [captions.choose(BY_NAME["fire"], chance, {"fire": ["volcano"]}) for _ in range(100)]
    assert any(look.phrase == "volcano" for look in looks)


@pytest.mark.parametrize("name", [*palettes.COLOURS, *palettes.THEMES, "red+blue"])
def test_palettes_go_from_dark_to_colour(name):
    stops = palettes.named(name)
    assert stops.shape == (palettes.STOPS, 3)
    assert 0 <= stops.min() and stops.max() <= 1


def test_red_is_redder_than_blue():
    tone = torch.full((1, 4, 4), 0.6)
    red, blue = (palettes.coloured(tone, palettes.named(n)[None])[0] for n in ("red", "blue"))
    assert red[0].mean() > 2 * red[2].mean() and blue[2].mean() > 2 * blue[0].mean()


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_styles_keep_the_shape(style):
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    styled = style.apply(images)
    assert styled.shape == images.shape and torch.isfinite(styled).all()


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_noise_settles_a_picture(subject):
    """What is left to chance is little: one step from noise has nearly one right answer."""
    noise = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(5))
    one, again = (
        subject.draw(Canvas(2, 64, torch.Generator().manual_seed(n), noise, subject.seed))
        for n in (1, 2)
    )
    free, other = (
        subject.draw(Canvas(2, 64, torch.Generator().manual_seed(n), None, subject.seed))
        for n in (1, 2)
    )
    assert (one - again).abs().mean() < 0.75 * (free - other).abs().mean()


def test_clouds_follow_the_noise():
    low, high = -2 * torch.ones(1, 4, 8, 8), 2 * torch.ones(1, 4, 8, 8)
    left_high = torch.where(torch.arange(8) < 4, high, low)
    tone = Canvas(1, 64, torch.Generator().manual_seed(1), left_high).fbm(3, 2)
    assert tone[..., :24].mean() > tone[..., 40:].mean() + 0.5


def test_every_subject_fills_a_wide_canvas():
    for subject in SUBJECTS:
        tone = Pictures(1, (64, 128)).tone(subject, 2)
        assert tone.shape == (2, 64, 128), subject.name


def test_two_subjects_share_a_picture():
    pictures = Pictures(1, 64)
    noise = pictures.noise(2)
    fire, city = (pictures.tone(BY_NAME[name], 2, noise) for name in ("fire", "city"))
    both = pictures.tone(BY_NAME["fire"], 2, noise, BY_NAME["city"])
    assert (both - fire).abs().mean() > 0.02 and (both - city).abs().mean() > 0.02
