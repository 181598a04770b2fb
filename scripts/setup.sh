#!/usr/bin/env bash
# Set-up for `make demo` and `make test`: system packages, a Python, .venv and what goes into it.
#
#   scripts/setup.sh demo|test            everything; under a second when nothing has changed
#   scripts/setup.sh packages demo|test   the system packages only
#
# Heeds PYTHON (the interpreter to use) and TORCH_INDEX (a package index for torch alone).
set -euo pipefail
cd "$(dirname "$0")/.."

VENV=.venv
TORCH="torch==2.13.0"

# name|why, for Debian and Ubuntu
DEMO_PACKAGES="
libportaudio2|sound input and output
libgl1|OpenGL
libegl1|OpenGL without a window
libgles2|OpenGL without a window
libgl1-mesa-dri|the software renderer, where there is no graphics driver
libglx-mesa0|OpenGL in an X window
libegl-mesa0|OpenGL without a window, software renderer
"
TEST_PACKAGES="$DEMO_PACKAGES
xvfb|a display in memory, to test the window
xserver-xorg-core|a display with two plugs, to pull one
xserver-xorg-video-dummy|screens in memory for it
x11-xserver-utils|pulls the plug
xdotool|presses keys in the test window
imagemagick|takes pictures of the test display
pulseaudio|a private sound server, to test sound input
pulseaudio-utils|plays into the private sound server
libasound2-plugins|lets PortAudio reach the sound server
ffmpeg|reads films back, to compare
jackd2|a private MIDI server, to test MIDI ports
liblo-tools|an OSC client of another make
chromium|a browser, to play on the page
firefox-esr|a browser of another engine, to try the page in
webkit2gtk-driver|Safari's engine, and what drives it
fonts-dejavu-core|letters for it
"

say() { printf 'setup: %s\n' "$*" >&2; }

main() {
    case "${1:-} ${2:-}" in
        "demo " | "test ") ;;
        "packages demo" | "packages test") install_packages "$2"; return ;;
        *) say "usage: scripts/setup.sh [packages] demo|test"; exit 2 ;;
    esac
    install_packages "$1"
    if is_current "$1"; then return; fi
    local python
    python=$(find_python) || python=$(install_python) || exit 1
    make_venv "$python"
    fill_venv "$1"
    fingerprint "$1" >"$VENV/.setup-$1"
}

# What the content of .venv depends on. A .venv made for the tests serves the demo as well.
fingerprint() {
    { cat pyproject.toml scripts/setup.sh; pwd; echo "$1 ${TORCH_INDEX:-}"; } | cksum
}

is_current() {
    local kind
    [ -x "$VENV/bin/liquidlight" ] && "$VENV/bin/python" -c "" || return 1
    for kind in "$1" test; do
        [ "$(cat "$VENV/.setup-$kind" 2>/dev/null)" = "$(fingerprint "$kind")" ] && return
    done
    return 1
}

# --- system packages -----------------------------------------------------------------------

install_packages() {
    local rows missing=""
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        other_system
        return
    fi
    rows=$DEMO_PACKAGES
    [ "$1" = test ] && rows=$TEST_PACKAGES
    while IFS='|' read -r name why; do
        if [ -n "$name" ] && ! installed "$name"; then
            missing="$missing $name"
            say "needs $name: $why"
        fi
    done <<<"$rows"
    # shellcheck disable=SC2086  # a list of words
    [ -z "$missing" ] || apt_install $missing || say "going on without"
}

installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

other_system() {
    case "$(uname -s)" in
        Linux) say "not Debian or Ubuntu: PortAudio and OpenGL (Mesa) must be installed by hand" ;;
    esac
}

# --no-remove: never trade the machine's own sound system (PipeWire) for one that tests need.
apt_install() {
    local name failed=""
    local -a apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q)
    local -a flags=(install -y --no-remove --no-install-recommends)
    local line="sudo apt-get install --no-remove --no-install-recommends $*"
    if [ "$(id -u)" -ne 0 ]; then
        if ! may_sudo; then
            say "may not install packages; run this yourself, then try again:"
            say "  $line"
            return 1
        fi
        apt=(sudo "${apt[@]}")
    fi
    say "installing: $line"
    "${apt[@]}" update >&2 || say "apt-get update failed; trying with the lists there are"
    if "${apt[@]}" "${flags[@]}" "$@" >&2; then return; fi
    for name in "$@"; do
        installed "$name" || "${apt[@]}" "${flags[@]}" "$name" >&2 || failed="$failed $name"
    done
    [ -z "$failed" ] || { say "could not be installed:$failed"; return 1; }
}

# Without a password, or with one where somebody sits at the terminal to type it.
may_sudo() {
    command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }
}

# --- Python --------------------------------------------------------------------------------

# 3.12 and 3.11 first: python-rtmidi has no wheel for later ones.
find_python() {
    local name
    for name in ${PYTHON:-python3.12 python3.11 python3.13 python3}; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    say "no Python 3.11 or later found (tried ${PYTHON:-python3.12 python3.11 python3.13 python3})"
    return 1
}

install_python() {
    if [ -z "${PYTHON:-}" ] && command -v apt-get >/dev/null; then
        say "needs python3 and python3-venv: to run at all"
        if apt_install python3 python3-venv && find_python; then return; fi
    fi
    say "install Python 3.11 or 3.12, or name one: make demo PYTHON=/path/to/python3.12"
    return 1
}

make_venv() {
    if "$VENV/bin/python" -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
    then
        return
    fi
    if ! "$1" -c 'import ensurepip, venv' 2>/dev/null; then
        local package
        package=$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        say "needs $package: to make a virtual environment"
        command -v apt-get >/dev/null && apt_install "$package" || exit 1
    fi
    say "making $VENV with $("$1" --version)"
    "$1" -m venv --clear "$VENV"
}

# torch is named in the same command as everything else, so that pip settles its build first. The
# exact version lets a CPU build (2.13.0+cpu) win wherever pip's own configuration offers one.
fill_venv() {
    local pip="$VENV/bin/python -m pip --disable-pip-version-check"
    local -a wanted=("$TORCH" --editable .)
    [ -t 1 ] || wanted+=(-q)  # a log needs no progress bars
    [ "$1" = test ] && wanted+=(--group dev)
    say "installing Python packages into $VENV (the first time takes some minutes)"
    $pip install -q --upgrade "pip>=25.1"
    if [ -n "${TORCH_INDEX:-}" ]; then
        $pip install --index-url "$TORCH_INDEX" "$TORCH"
    elif [ "$(uname -s)" = Linux ] && ! nvidia-smi >/dev/null 2>&1; then
        say "no NVIDIA GPU here: should pip fetch a CUDA build of torch (gigabytes), stop it and"
        say "name the index that pytorch.org gives for CPU: make demo TORCH_INDEX=URL"
    fi
    $pip install "${wanted[@]}"
}

main "$@"
