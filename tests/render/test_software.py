"""In software OpenGL other threads run while a picture is drawn."""

import threading

import pytest

from engine.clock import sleep
from engine.render.buffers import quad
from engine.render.software import PatientQuad, in_software

SLOW = (
    "#version 330 core\nin vec2 position; void main() { gl_Position = vec4(position, 0.0, 1.0); }",
    "#version 330 core\nout vec4 colour; uniform int turns; void main() {"
    " float x = gl_FragCoord.x; for (int i = 0; i < turns; i++) x = sin(x + 1.0);"
    " colour = vec4(x); }",
)
TURNS = 120


def _turns_of_another_thread(target, rectangle, mode) -> int:
    """How often a thread that sleeps a millisecond each time came round while it was drawn."""
    rounds, over = [], threading.Event()

    def listen() -> None:
        while not over.is_set():
            sleep(0.001)
            rounds.append(1)

    thread = threading.Thread(target=listen)
    thread.start()
    sleep(0.02)
    before = len(rounds)
    rectangle.render(mode)
    target.read()
    during = len(rounds) - before
    over.set()
    thread.join()
    return during


def test_the_ear_goes_on_while_the_processor_draws(gl):
    if not in_software(gl):
        pytest.skip("a graphics card draws here")
    program = gl.program(*SLOW)
    program["turns"].value = TURNS
    target = gl.framebuffer([gl.texture((640, 360), 4)])
    target.use()
    rectangle = quad(gl, program)
    assert isinstance(rectangle, PatientQuad)
    rectangle.render(gl.TRIANGLE_STRIP)  # compiled at the first use
    patient = _turns_of_another_thread(target, rectangle, gl.TRIANGLE_STRIP)
    plain = _turns_of_another_thread(target, rectangle._array, gl.TRIANGLE_STRIP)
    assert patient > 10 * max(1, plain)
    for thing in (rectangle, program, target.color_attachments[0], target):
        thing.release()
