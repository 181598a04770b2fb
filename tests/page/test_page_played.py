"""A set played on the page in Chromium: window on Xvfb, JACK MIDI, a network that breaks.

One performance serves all steps, in order, because starting one costs seconds. What each step
did is read back from the frames: the page's own preview, the window, the film.
"""

from contextlib import ExitStack, suppress
from itertools import cycle

import av
import numpy as np
import pytest
from page_stage import Stage
from servers import need, wait_for

from engine.clock import sleep

WATCH = """() => { window.queued = []; new MutationObserver(() => {
  for (const card of document.querySelectorAll('.preset.queued')) queued.push(card.dataset.name);
}).observe(document.querySelector('#room'), { subtree: true, attributeFilter: ['class'] }); }"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    need("chromium", "import")
    with ExitStack() as stack:
        yield Stage(tmp_path_factory.mktemp("page"), stack)


def test_the_first_look_is_seen_on_both_pages(stage):
    stage.seen("red", lambda r, g, b: r > 200 and b < 60)
    assert stage.other.evaluate("document.querySelector('#playing b').textContent")


def test_a_prompt_is_typed_and_the_other_page_has_it(stage):
    stage.room("Prompts")
    field = stage.page.get_by_label("prompt 1")
    field.fill("a (burning:1.3) forest")
    field.press("Enter")
    stage.other.get_by_role("tab", name="Prompts", exact=True).click()
    wait_for("the words", lambda: stage.other.get_by_label("prompt 1").input_value()
             == "a (burning:1.3) forest")
    assert "burning" in stage.page.locator(".emphasis").first.inner_text()


def test_words_are_written_on_the_picture(stage):
    stage.room("Layers")
    before = stage.seen("red", lambda r, g, b: r > 200)
    field = stage.page.locator('textarea[aria-label="text"]').first
    field.fill("HELLO")
    field.press("Enter")
    stage.seen("white letters", lambda r, g, b: g > before[1] + 10)
    field.fill(".")
    field.press("Enter")
    stage.seen("no letters", lambda r, g, b: g < before[1] + 3)


def test_a_fader_is_pulled_and_let_go(stage):
    stage.room("Play")
    fader = stage.page.get_by_role("slider", name="heat")
    box = fader.bounding_box()
    stage.page.mouse.move(box["x"] + 4, box["y"] + box["height"] / 2)
    stage.page.mouse.down()
    stage.page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] / 2, steps=8)
    stage.page.mouse.up()
    stage.seen("less red", lambda r, g, b: 40 < r < 110)
    assert "held" in fader.get_attribute("class")
    fader.press("Delete")
    stage.seen("red again", lambda r, g, b: r > 200)


def test_a_preset_waits_for_its_bar_and_comes(stage):
    stage.room("Play")
    stage.page.get_by_role("radio", name="bar", exact=True).click()
    stage.page.evaluate(WATCH)  # a bar may be over before a busy browser looks
    in_bar = "import('/static/show.js').then((page) => page.beatNow() % 4)"
    for _ in range(8):  # a busy machine may sleep through the rest of a bar
        wait_for("the beginning of a bar", lambda: 0.2 < stage.page.evaluate(in_bar) < 1.5)
        stage.page.locator('.preset[data-name="two"]').click()
        stage.seen("blue", lambda r, g, b: b > 200 and r < 60)
        stage.page.wait_for_selector('.preset.plays[data-name="two"]')
        stage.page.locator('.preset[data-name="one"]').press("Enter")
        stage.seen("red", lambda r, g, b: r > 200 and b < 60)
        if stage.page.evaluate("window.queued.includes('two')"):
            break
    else:
        pytest.fail("nobody saw it wait")


def test_a_knob_is_learnt_over_midi(stage):
    stage.room("Hands")
    stage.page.get_by_role("button", name="learn: touch").click()
    stage.room("Play")
    stage.page.get_by_role("slider", name="heat").click()
    levels = cycle((20, 60, 110))

    def learnt() -> bool:  # a busy show may be told late that it is to learn
        stage.midi(0xB0, 77, next(levels))
        return "learned:" in stage.said()

    wait_for("the row", learnt)
    stage.room("Hands")
    stage.page.get_by_role("button", name="learn: touch").click()
    stage.room("Play")
    for level in (0, 30, 64, 100, 127):  # through the place where the show stands
        stage.midi(0xB0, 77, level)
        sleep(0.1)
    stage.seen("no red", lambda r, g, b: r < 30)
    stage.page.get_by_role("slider", name="heat").press("Delete")
    stage.seen("red", lambda r, g, b: r > 200)


def test_corners_are_pulled_in_the_window(stage):
    stage.room("Outputs")
    wait_for("a full window", lambda: stage.window()[20, 20, 0] > 150)
    corner = stage.page.get_by_role("button", name="corner top left")
    box = corner.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    stage.page.mouse.move(x, y)
    stage.page.mouse.down()
    stage.page.mouse.move(x + 120, y + 80, steps=6)
    stage.page.mouse.up()
    wait_for("a corner of black", lambda: stage.window()[4, 4].sum() < 30)
    stage.page.get_by_role("button", name="straight again").click()
    wait_for("a full window", lambda: stage.window()[4, 4, 0] > 150)


def test_an_output_fills_a_display_is_bent_and_is_a_window_again(stage):
    stage.room("Outputs")
    display = stage.page.get_by_label("display of Liquidlight")
    assert stage.window()[350, 630].sum() < 30, "beside the window there is nothing"
    display.select_option(index=0)
    wait_for("all of the display", lambda: stage.window()[350, 630, 0] > 150)
    stage.page.locator(".displays .filled", has_text="Liquidlight").wait_for()
    stage.page.get_by_role("button", name="grid", exact=True).click()
    stage.page.get_by_role("radio", name="points", exact=True).click()
    point = stage.page.get_by_role("button", name="point 1", exact=True)
    box = point.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    stage.page.mouse.move(x, y)
    stage.page.mouse.down()
    stage.page.mouse.move(x + 120, y + 80, steps=6)
    stage.page.mouse.up()
    wait_for("a corner of black", lambda: stage.window()[4, 4].sum() < 30)
    stage.page.get_by_role("button", name="straight again").click()
    wait_for("all of it", lambda: stage.window()[4, 4, 0] > 150)
    stage.page.locator("details.fine summary").click()
    red = stage.page.get_by_role("slider", name="red", exact=True)
    red.press("Home")
    wait_for("an output without red", lambda: stage.window()[300, 400, 0] < 30)
    red.press("Delete")
    wait_for("red again", lambda: stage.window()[300, 400, 0] > 150)
    display.select_option("window")
    wait_for("a window", lambda: stage.window()[350, 630].sum() < 30)
    assert stage.window()[20, 20, 0] > 150, "where it was before"
    corner, said = (stage.page.get_by_role("button", name="corner top left"),
                    stage.page.locator(".where output"))
    corner.press("ArrowRight")
    wait_for("a pixel of the output", lambda: said.inner_text() == "1.0, 180.0 px")
    stage.page.get_by_role("button", name="fine", exact=True).click()
    stage.page.get_by_role("button", name="move right").click()
    wait_for("a tenth of one", lambda: said.inner_text() == "1.1, 180.0 px")
    stage.page.get_by_role("button", name="straight again").click()
    wait_for("a straight one", lambda: said.inner_text() == "0.0, 180.0 px")


def test_a_test_card_is_shown_and_taken_away(stage):
    stage.room("Outputs")
    card = stage.page.get_by_role("button", name="test card", exact=True)
    card.click()
    wait_for("lines", lambda: stage.window()[:180, :320].std() > 40)
    card.click()
    wait_for("the look", lambda: stage.window()[90, 160, 0] > 150)


def test_blackout_and_back(stage):
    button = stage.page.locator("#panic").get_by_role("button", name="blackout")
    button.click()
    stage.seen("black", lambda r, g, b: r + g + b < 6)
    wait_for("a black window", lambda: stage.window()[:180, :320].max() < 10)
    assert button.get_attribute("aria-pressed") == "true"
    stage.page.keyboard.press("b")
    stage.seen("light", lambda r, g, b: r > 200)


def test_a_mistake_in_a_file_is_told_and_a_right_one_is_seen(stage):
    stage.room("Edit")
    stage.page.get_by_label("file", exact=True).select_option("one.toml")
    field = stage.page.get_by_label("text of the file")
    wait_for("the text", lambda: "flat" in field.input_value())
    text = field.input_value()
    field.fill(text.replace("blue = 0.0", "blue = 7.0"))
    stage.page.locator(".mistakes .wrong", has_text="outside").wait_for()
    field.press("Control+s")
    stage.page.locator(".mistakes .wrong", has_text="not saved").wait_for()
    field.fill(text.replace("blue = 0.0", "blue = 1.0"))
    stage.page.locator(".mistakes .right", has_text="as it should be").wait_for()
    field.press("Control+s")
    stage.seen("red and blue", lambda r, g, b: r > 200 and b > 200)
    field.fill(text)
    field.press("Control+s")
    stage.seen("red", lambda r, g, b: r > 200 and b < 60)


def test_a_lost_connection_is_told_and_found_again(stage):
    stage.wire.cut()
    stage.page.wait_for_selector("body.lost")
    stage.wire.mend()
    stage.page.wait_for_selector("body:not(.lost)")
    stage.room("Play")
    stage.page.get_by_role("slider", name="heat").press("End")
    stage.seen("no red", lambda r, g, b: r < 30)
    stage.page.keyboard.press("Control+z")
    stage.seen("red", lambda r, g, b: r > 200)


def test_ghosts_stand_where_the_look_and_the_knobs_are(stage):
    stage.room("Layers")
    red, blue = (stage.page.get_by_role("slider", name=name, exact=True).first
                 for name in ("red", "blue"))
    stage.other.get_by_role("tab", name="Play", exact=True).click()
    heat = stage.other.get_by_role("slider", name="heat")

    def ghost(fader, place: float):
        assert "haunted" in fader.get_attribute("class")
        said = fader.evaluate("node => node.style.getPropertyValue('--ghost')")
        return abs(float(said) - place) < 0.02

    red.press("Home")
    stage.seen("no red", lambda r, g, b: r < 30)
    wait_for("the look's red", lambda: "haunted" in red.get_attribute("class") and ghost(red, 1.0))
    heat.press("End")
    wait_for("what the look makes of heat", lambda: ghost(red, 0.0))
    heat.press("Home")
    wait_for("the ghost back", lambda: ghost(red, 1.0))
    red.press("Delete")
    stage.seen("red where the ghost was", lambda r, g, b: r > 200)
    assert "haunted" not in red.get_attribute("class")

    path = stage.folder / "one.toml"
    before = path.read_text()
    path.write_text(before.replace("blue = 0.0", 'blue = "base + 0.5*heat"'))
    stage.page.locator(".fader.based small", has_text="ƒ base + 0.5*heat").wait_for()
    blue.press("Home")
    heat.press("End")
    stage.seen("blue under the hand", lambda r, g, b: r < 30 and 100 < b < 155)
    wait_for("the ghost of it", lambda: ghost(blue, 0.5))
    assert float(blue.get_attribute("aria-valuenow")) == 0.0

    stage.midi(0xB0, 77, 127)
    heat.press("Home")
    stage.seen("what the hand did to heat", lambda r, g, b: b < 30)
    sleep(1.0)  # a knob that has just been moved keeps hold
    stage.midi(0xB0, 77, 60)
    wait_for("the knob to wait", lambda: "waits down" in heat.get_attribute("class"))
    assert "turn it down by 0.47" in heat.get_attribute("title")
    stage.midi(0xB0, 77, 0)
    wait_for("the knob's hold", lambda: "waits" not in heat.get_attribute("class"))
    path.write_text(before)
    for fader in (heat, blue):
        fader.press("Delete")
    stage.seen("red", lambda r, g, b: r > 200 and b < 60)


def test_the_set_list_and_what_is_always_at_hand(stage):
    page, room = stage.page, stage.page.locator("#room")
    stage.room("Hands")
    room.get_by_role("button", name="give all back").click()
    learnt = room.locator(".learnt li", has_text="macros.heat")
    learnt.filter(has_text="cc 77").wait_for()
    learnt.get_by_role("button", name="forget").click()
    learnt.wait_for(state="detached")
    page.locator(".toast", has_text="unlearned").wait_for()
    stage.room("Play")
    room.get_by_role("radio", name="list", exact=True).click()
    second = room.locator(".presets.list .preset").nth(1)
    assert second.locator(".number").inner_text() == "2"
    assert second.locator("small").inner_text().startswith("8 bars")
    wait_for("what follows", lambda: second.locator(".when").inner_text() == "next")
    room.get_by_role("button", name="next ▶").click()
    stage.seen("blue", lambda r, g, b: b > 200 and r < 60)
    wait_for("a bar count", lambda: second.locator(".when").inner_text().startswith("bar "))
    room.get_by_role("button", name="previous").click()
    stage.seen("red", lambda r, g, b: r > 200 and b < 60)
    room.get_by_label("deck a").select_option("two")
    stage.seen("blue of deck A", lambda r, g, b: b > 200 and r < 60)
    room.get_by_role("button", name="decks off").click()
    stage.seen("red", lambda r, g, b: r > 200 and b < 60)
    room.get_by_role("slider", name="heat").press("End")
    stage.seen("no red", lambda r, g, b: r < 30)
    page.locator("#master").get_by_role("button", name="take back the last edit").click()
    stage.seen("red", lambda r, g, b: r > 200)
    page.keyboard.press("?")
    page.get_by_role("dialog", name="keys").get_by_text("tap the tempo").wait_for()
    page.keyboard.press("Escape")
    page.locator("#well").click()
    page.locator("#state").get_by_text("sound to light", exact=True).wait_for()
    page.keyboard.press("Escape")
    room.get_by_role("radio", name="grid", exact=True).click()


def test_a_take_is_recorded_laid_over_the_show_deleted_and_had_back(stage):
    page, rows = stage.page, stage.page.locator(".takes li[data-name]")
    page.locator("#master .film.on", has_text="show.mkv").wait_for()
    stage.room("Takes")
    record = page.locator(".take-record")
    record.click()
    record.locator("b", has_text="end the take").wait_for()
    wait_for("the take", lambda: "a take begins" in stage.said())
    stage.room("Play")
    page.get_by_role("slider", name="heat").press("End")
    stage.seen("no red", lambda r, g, b: r < 30)
    page.keyboard.press("t")
    wait_for("its end", lambda: " long" in stage.said())
    page.get_by_role("slider", name="heat").press("Delete")
    stage.seen("red", lambda r, g, b: r > 200 and b < 60)
    stage.room("Takes")
    rows.first.wait_for()
    name = rows.first.get_attribute("data-name")
    assert f"{name}.take --size 1920x1080" in page.locator(".take-command").inner_text()
    page.get_by_role("button", name=f"play {name}").click()
    page.locator(".takes .plays progress").wait_for()
    stage.seen("no red", lambda r, g, b: r < 30)
    wait_for("its end", lambda: f"the take {name} has ended" in stage.said())
    page.get_by_role("button", name=f"delete {name}").click()
    stage.other.get_by_role("tab", name="Takes", exact=True).click()
    wait_for("an empty list", lambda: not stage.other.locator(".takes li").count())
    page.get_by_role("button", name="undo", exact=True).click()
    rows.first.wait_for()
    stage.other.locator(".takes li[data-name]").wait_for()
    stage.room("Play")
    page.get_by_role("slider", name="heat").press("Delete")
    stage.seen("red", lambda r, g, b: r > 200)


def test_the_ear_is_read_and_tapped(stage):
    stage.room("Ear")
    page, room = stage.page, stage.page.locator("#room")
    room.locator(".level", has_text="no sound for").wait_for()  # the song is silence
    assert "−∞" in room.locator(".meter canvas").get_attribute("aria-valuetext")
    assert room.get_by_label("sound input").input_value() == "silence.wav"
    room.get_by_role("radio", name="taps").click()
    for _ in range(8):
        room.locator(".tap").dispatch_event("pointerdown")
        sleep(0.35)
    wait_for("taps", lambda: page.locator("#bpm small").inner_text() == "tap")
    room.locator(".who .followed", has_text="taps").wait_for()
    room.get_by_role("button", name="lock", exact=True).click()
    wait_for("the lock", lambda: stage.other.locator("#bpm small").inner_text() == "lock")
    room.get_by_role("radio", name="as typed").click()  # which unlocks, too
    wait_for("the typed tempo", lambda: page.locator("#bpm b").inner_text() == "120.0")


def test_a_network_that_goes_silent_is_given_up_and_another_is_found(stage):
    stage.wire.quiet = True
    stage.page.wait_for_selector("body.lost")
    stage.wire.quiet = False
    stage.page.wait_for_selector("body:not(.lost)")
    stage.room("Play")
    stage.page.get_by_role("slider", name="heat").press("End")
    stage.seen("no red", lambda r, g, b: r < 30)
    stage.page.get_by_role("slider", name="heat").press("Delete")
    stage.seen("red", lambda r, g, b: r > 200)


def test_it_was_recorded(stage):
    button = stage.page.locator("#master").get_by_role("button", name="record")
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    wait_for("the end of the film", lambda: button.get_attribute("aria-pressed") == "false")

    def colours():
        with suppress(av.error.FFmpegError, OSError), av.open(str(stage.film)) as film:
            frames = [f.to_ndarray(format="rgb24").mean((0, 1)) for f in film.decode(video=0)]
            return (np.array(frames[::10]),) if frames else None
        return None

    sleep(2.0)
    seen, = wait_for("the film", colours)
    assert (seen[:, 0] > 150).any() and (seen[:, 2] > 150).any() and (seen.sum(1) < 10).any()
