"""Gamepads as glfw knows them: read once a picture on the main thread, after events were polled.

glfw finds pads by SDL's table and follows them as they come and go; it works once a window is
open. Nothing here waits.
"""

from __future__ import annotations

SLOTS = 16
Reading = tuple[str, tuple[float, ...], tuple[bool, ...]]


def read_gamepads() -> dict[int, Reading]:
    """By slot: name, six axes (left x and y, right x and y, -1..1 with up as 1; left and right
    trigger 0..1) and fifteen buttons, in glfw's order."""
    import glfw

    pads = {}
    for slot in range(SLOTS):
        if glfw.joystick_is_gamepad(slot) and (state := glfw.get_gamepad_state(slot)):
            lx, ly, rx, ry, lt, rt = (float(axis) for axis in state.axes)
            axes = (lx, -ly, rx, -ry, 0.5 + 0.5 * lt, 0.5 + 0.5 * rt)
            pads[slot] = (glfw.get_gamepad_name(slot) or "", axes,
                          tuple(bool(button) for button in state.buttons))
    return pads
