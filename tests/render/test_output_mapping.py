"""What lies between the composed picture and one output: where it lands, its edges, its colour."""

import numpy as np
import pytest

from engine.render.geometry import (
    before_corners,
    bent,
    fitted,
    grid_places,
    homography,
    mesh,
    moved,
    turned,
)
from engine.render.mapping import (
    CORNERS,
    Blend,
    Colour,
    Grid,
    Mapping,
    Mask,
    convex,
    number,
    with_number,
)
from engine.render.mask_field import mask_field
from engine.render.output_map import OutputMap

PULLED = ((0.1, 0.95), (0.9, 0.8), (1.0, 0.1), (0.0, 0.0))


@pytest.fixture
def stage(gl):
    """A pass, and a function that draws a picture (first row on top) through a mapping."""
    output = OutputMap(gl)

    def draw(picture, mapping, size=(160, 90), light=1.0):
        height, width = picture.shape[:2]
        pixels = np.dstack([picture, np.full((height, width), 255, np.uint8)])[::-1]
        texture = gl.texture((width, height), 4, np.ascontiguousarray(pixels))
        texture.repeat_x = texture.repeat_y = False
        target = gl.simple_framebuffer(size)
        output.draw(texture, (width, height), light, mapping, target)
        raw = np.frombuffer(target.read(components=3, alignment=1), np.uint8)
        target.release()
        texture.release()
        return raw.reshape(size[1], size[0], 3)[::-1].astype(int)

    yield draw
    output.release()


def white(size=(160, 90)):
    return np.full((size[1], size[0], 3), 255, np.uint8)


def test_a_plain_mapping_is_the_picture_itself_in_the_middle(stage, picture):
    assert np.array_equal(stage(picture, Mapping()), picture)
    wide = stage(picture, Mapping(), (200, 90))
    assert np.array_equal(wide[:, 20:180], picture) and not wide[:, :20].any()
    assert np.abs(stage(picture, Mapping(), light=0.5) - picture * 0.5).max() <= 1


def test_the_mesh_draws_what_the_rectangle_draws(stage, picture):
    nearly = Mapping(colour=Colour(brightness=1e-9))
    assert not nearly.plain
    for size in ((160, 90), (200, 90), (160, 120)):
        off = np.abs(stage(picture, nearly, size) - stage(picture, Mapping(), size))
        assert off.max() <= 1, size


@pytest.mark.parametrize("turn", (0, 90, 180, 270))
@pytest.mark.parametrize("flip", ("none", "x", "y", "both"))
def test_turned_and_mirrored_it_is_the_same_picture(stage, picture, turn, flip):
    square = picture[:, 30:120]
    wanted = np.rot90(square, turn // 90)
    wanted = wanted[:, ::-1] if flip in ("x", "both") else wanted
    wanted = wanted[::-1] if flip in ("y", "both") else wanted
    seen = stage(square, Mapping(rotate=turn, flip=flip), (90, 90))
    assert np.abs(seen - wanted).max() <= 1


def test_a_crop_fills_the_output(stage, picture):
    seen = stage(picture, Mapping(crop=(0.25, 0.5, 0.5, 0.5)), (80, 45))
    assert np.abs(seen - picture[:45, 40:120]).max() <= 1, "the upper half is y 0.5 to 1"


def test_corners_pull_in_perspective_not_along_two_triangles(stage):
    matrix = homography(PULLED)
    assert np.allclose(moved(matrix, np.array(CORNERS)), PULLED)
    # Where straight lines cross in the picture, they cross in the output.
    middle = moved(matrix, np.array([(0.5, 0.5)]))[0]
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = (PULLED[n] for n in (0, 2, 1, 3))
    t = np.linalg.solve([[bx - ax, cx - dx], [by - ay, cy - dy]], [cx - ax, cy - ay])[0]
    assert np.allclose(middle, (ax + t * (bx - ax), ay + t * (by - ay)))
    height, width = 360, 640
    y, x = np.mgrid[0:height, 0:width]
    ramps = np.dstack([255 * x / width, 255 * (1 - y / height), np.full_like(x, 128)])
    seen = stage(ramps.round().astype(np.uint8), Mapping(corners=PULLED), (width, height))
    back = np.linalg.inv(matrix)
    for px, py in ((0.3, 0.3), (0.5, 0.5), (0.7, 0.2), (0.2, 0.7)):
        u, v = moved(back, np.array([(px, py)]))[0]
        r, g, b = seen[int((1 - py) * height), int(px * width)]
        assert abs(r - 255 * u) <= 2 and abs(g - 255 * v) <= 2 and b == 128
    assert not seen[5, 5].any() and not seen[5, -5].any(), "beside it nothing is lit"


def test_an_even_grid_is_flat_and_a_bent_one_goes_through_its_points(stage, picture):
    at, lie = bent(Grid.even(5, 4))
    assert np.allclose(at, lie)
    points = list(Grid.even(4, 3).points)
    points[5] = (0.4, 0.42)
    grid = Grid(4, 3, tuple(points))
    at, lie = bent(grid)
    assert np.allclose(lie[::8, ::8].reshape(-1, 2), points)
    steps = np.diff(lie[8], axis=0)
    assert np.abs(np.diff(steps, axis=0)).max() < 0.02, "smooth: no corner at its points"
    assert np.abs(stage(picture, Mapping(grid=Grid.even(5, 4))) - picture).max() <= 1
    assert np.abs(stage(picture, Mapping(grid=grid)) - picture).mean() > 2
    mapping = Mapping(grid=grid, corners=PULLED)
    place = grid_places(mapping)[5]
    assert np.allclose(before_corners(mapping, place), (0.4, 0.42))


def test_a_mesh_is_one_rectangle_unless_it_is_bent():
    vertices, triangles = mesh(Mapping(corners=PULLED), (0.0, 0.0, 1.0, 1.0))
    assert vertices.shape == (4, 5) and triangles.shape == (2, 3)
    bent_grid = Grid(3, 3, ((0.1, 1.0), *Grid.even(3, 3).points[1:]))
    vertices, triangles = mesh(Mapping(grid=bent_grid), (0.0, 0.0, 1.0, 1.0))
    assert len(vertices) == 17 * 17 and triangles.max() == len(vertices) - 1


def test_it_is_fitted_whole_as_it_is_turned():
    assert fitted(Mapping(), (160, 90), (320, 180)) == (0.0, 0.0, 1.0, 1.0)
    left, bottom, width, height = fitted(Mapping(rotate=90), (160, 90), (320, 180))
    assert (bottom, height) == (0.0, 1.0) and width == pytest.approx(101 / 320)
    matrix, shift = turned(Mapping(crop=(0.5, 0.0, 0.5, 1.0)))
    assert matrix == (0.5, 0.0, 0.0, 1.0) and shift == (0.5, 0.0)


def test_two_that_overlap_give_as_much_light_as_one(stage):
    share, gamma = 0.25, 2.2
    left = stage(white(), Mapping(blend=Blend(right=share, gamma=gamma)))[45, :, 0] / 255.0
    right = stage(white(), Mapping(blend=Blend(left=share, gamma=gamma)))[45, :, 0] / 255.0
    both = left[120:] ** gamma + right[:40] ** gamma
    assert np.abs(both - 1.0).max() < 0.03
    assert np.all(left[:119] == 1.0) and np.all(np.diff(left[120:]) <= 0) and left[-1] < 0.1
    for side in ("top", "bottom"):
        seen = stage(white(), Mapping(blend=Blend(**{side: 0.3})))[:, 80, 0]
        dark, lit = (seen[1], seen[-2]) if side == "top" else (seen[-2], seen[1])
        assert dark < 60 and lit == 255, side


def test_black_is_lifted_where_nothing_overlaps(stage):
    black = np.zeros((90, 160, 3), np.uint8)
    seen = stage(black, Mapping(blend=Blend(right=0.25, black=0.1)))[45, :, 0]
    assert set(seen[:118]) == {26} and set(seen[122:]) == {0}
    full = stage(white(), Mapping(blend=Blend(right=0.25, black=0.1)))[45, 0, 0]
    assert full == 255
    dark = stage(white(), Mapping(blend=Blend(right=0.25, black=0.1)), light=0.0)
    assert not dark.any(), "a blackout is black"


@pytest.mark.parametrize(
    ("colour", "given", "wanted"),
    [
        (Colour(brightness=0.2), 100, 151),
        (Colour(contrast=2.0), 100, 72),
        (Colour(gamma=2.0), 64, 128),
        (Colour(contrast=0.5, brightness=-0.1), 200, 138),
    ],
)
def test_colours_are_corrected(stage, colour, given, wanted):
    grey = np.full((90, 160, 3), given, np.uint8)
    assert abs(stage(grey, Mapping(colour=colour))[40, 40, 0] - wanted) <= 1


def test_each_channel_has_a_gain(stage):
    grey = np.full((90, 160, 3), 100, np.uint8)
    seen = stage(grey, Mapping(colour=Colour(red=2.0, green=0.5)))[40, 40]
    assert seen.tolist() == [200, 50, 100]


def test_masks_show_what_is_inside_with_an_edge_as_soft_as_asked(stage):
    half = ((0.0, -0.5), (0.5, -0.5), (0.5, 1.5), (0.0, 1.5))
    hard = stage(white(), Mapping(masks=(Mask(half),)))[45, :, 0]
    assert np.all(hard[:78] == 255) and not hard[82:].any()
    soft = stage(white(), Mapping(masks=(Mask(half, soft=0.4),)))[45, :, 0]
    assert abs(soft[80] - 127) <= 8 and 20 < soft[70] - soft[80] < 90
    cut = stage(white(), Mapping(masks=(Mask(half, shows="outside"),)))[45, :, 0]
    assert not cut[:78].any() and np.all(cut[82:] == 255)
    two = (Mask(half), Mask(((0.7, 0.0), (1.0, 0.0), (1.0, 1.0), (0.7, 1.0))))
    union = stage(white(), Mapping(masks=two))[45, :, 0]
    assert union[20] == 255 and union[95] == 0 and union[130] == 255


def test_a_mask_with_a_dent_is_dark_in_the_dent():
    arrow = ((0.1, 0.1), (0.5, 0.5), (0.9, 0.1), (0.5, 0.9))
    field = mask_field([Mask(arrow)], (200, 200))
    at = {(x, y): field[int(y * 200), int(x * 200)] for x, y in ((0.5, 0.3), (0.5, 0.6))}
    assert at[0.5, 0.3] < -1.0 and at[0.5, 0.6] > 1.0
    assert field.dtype == np.float16 and max(mask_field([Mask(arrow)], (3840, 2160)).shape) == 384


def test_corners_stay_convex_whatever_a_hand_sends():
    assert convex(CORNERS) and convex(PULLED) and convex(tuple(reversed(CORNERS)))
    assert not convex(((0.0, 1.0), (1.0, 1.0), (0.2, 0.6), (0.0, 0.0)))
    mapping = with_number(Mapping(), "corner.3.x", -1.0)
    assert mapping == Mapping(), "one that folds the picture is not taken"
    assert with_number(Mapping(), "corner.1.x", 0.25).corners[0] == (0.25, 1.0)


@pytest.mark.parametrize("key", ("brightness", "blend.left", "crop.width", "point.2.y", "green"))
def test_numbers_are_reached_by_their_address_and_kept_in_range(key):
    mapping = Mapping(grid=Grid.even(3, 2))
    assert number(with_number(mapping, key, 0.3), key) == 0.3
    high = number(with_number(mapping, key, 99.0), key)
    assert high is not None and high < 99.0


@pytest.mark.parametrize("key", ("corner.5.x", "point.1.x", "blend.sideways", "shine", "crop"))
def test_what_is_no_number_changes_nothing(key):
    assert number(Mapping(), key) is None and with_number(Mapping(), key, 0.5) == Mapping()


def test_a_pass_frees_what_it_made(gl):
    output = OutputMap(gl)
    target = gl.simple_framebuffer((32, 18))
    texture = gl.texture((32, 18), 4)
    target.use()  # moderngl goes back to the framebuffer of before, which a test may have freed
    _ = gl.error
    for n in range(4):
        mask = Mask(((0.0, 0.0), (1.0, 0.0), (0.5, 1.0 - n / 10)))
        output.draw(texture, (32, 18), 1.0, Mapping(masks=(mask,)), target)
    output.release()
    assert gl.error == "GL_NO_ERROR"
