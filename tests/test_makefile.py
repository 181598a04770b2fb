"""Set-up: `make help`, and scripts/setup.sh on machines made of a few fake commands."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "scripts" / "setup.sh"
TOOLS = ("bash", "env", "dirname", "cat", "cksum", "uname", "printf")

pytestmark = pytest.mark.skipif(
    not shutil.which("bash") or not shutil.which("make"), reason="set-up by make is for Unix"
)


@pytest.fixture
def machine(tmp_path):
    """A copy of the set-up in a folder, and a PATH with only what is put into it."""
    bin = tmp_path / "bin"
    bin.mkdir()
    for tool in TOOLS:
        if real := shutil.which(tool):
            (bin / tool).symlink_to(real)
    (tmp_path / "scripts").mkdir()
    shutil.copy(SCRIPT, tmp_path / "scripts")
    (tmp_path / "pyproject.toml").write_text("[project]\n")

    def fake(name: str, body: str) -> None:
        (bin / name).unlink(missing_ok=True)
        (bin / name).write_text(f"#!{shutil.which('bash')}\n{body}\n")
        (bin / name).chmod(0o755)

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(tmp_path / "scripts" / "setup.sh"), *arguments],
            env={"PATH": str(bin), "HOME": str(tmp_path), **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
        )

    run.fake, run.folder = fake, tmp_path
    return run


def debian(machine, *, root: bool, apt: str = 'echo "$@" >>"$HOME/apt"') -> None:
    """Nothing is installed but what the fake apt-get has put down in the file `there`."""
    machine.fake("id", f"echo {0 if root else 1000}")
    machine.fake("apt-get", apt)
    machine.fake(
        "dpkg-query",
        'while read -r name; do [ "$name" = "${@: -1}" ] && echo -n installed; done'
        ' <"$HOME/there" 2>/dev/null; true',
    )


def test_help_names_every_target():
    out = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    phony = re.search(r"\.PHONY: (.*)", (ROOT / "Makefile").read_text())
    assert set(re.findall(r"^make ([a-z-]+) ", out.stdout, re.M)) == set(phony[1].split())


def test_no_index_is_named():
    for name in ("Makefile", "scripts/setup.sh", ".ci/run"):
        assert "://" not in (ROOT / name).read_text(), name


def test_each_missing_package_is_explained_and_installed_in_one_go(machine):
    debian(machine, root=True)
    (machine.folder / "there").write_text("libgl1\n")
    done = machine("packages", "demo")
    assert done.returncode == 0, done.stderr
    assert "needs libportaudio2: sound input and output" in done.stderr
    assert "needs libgl1:" not in done.stderr
    update, install = (machine.folder / "apt").read_text().splitlines()
    assert update.endswith("update")
    assert "--no-remove" in install
    assert "libportaudio2" in install
    assert "xvfb" not in install


def test_tests_need_more(machine):
    debian(machine, root=True)
    machine("packages", "test")
    install = (machine.folder / "apt").read_text()
    assert all(name in install for name in ("xvfb", "jackd2", "liblo-tools", "libportaudio2"))


def test_nothing_missing_asks_nobody(machine):
    debian(machine, root=True, apt="touch $HOME/asked")
    names = re.findall(r"^([a-z0-9.-]+)\|", SCRIPT.read_text(), re.M)
    (machine.folder / "there").write_text("\n".join(names) + "\n")
    done = machine("packages", "test")
    assert (done.returncode, done.stderr) == (0, "")
    assert not (machine.folder / "asked").exists()


def test_without_sudo_the_exact_line_is_printed_and_it_goes_on(machine):
    debian(machine, root=False, apt="touch $HOME/asked")
    done = machine("packages", "demo")
    assert done.returncode == 0
    assert re.search(r"  sudo apt-get install .*libportaudio2 .*libegl-mesa0\n", done.stderr)
    assert not (machine.folder / "asked").exists()


def test_with_sudo_it_is_used(machine):
    debian(machine, root=False)
    machine.fake("sudo", '[ "$1" = -n ] && exit; echo sudo >>"$HOME/apt"; "$@"')
    assert machine("packages", "demo").returncode == 0
    assert (machine.folder / "apt").read_text().splitlines()[0] == "sudo"


def test_one_package_in_conflict_does_not_hold_the_others_back(machine):
    refuse = '[[ " $* " == *" libgl1 "* ]] && exit 1; echo "${@: -1}" >>"$HOME/there"'
    debian(machine, root=True, apt=refuse)
    done = machine("packages", "demo")
    assert done.returncode == 0
    assert "could not be installed: libgl1\n" in done.stderr
    assert "libportaudio2" in (machine.folder / "there").read_text().split()


def test_another_linux_is_told_what_it_needs(machine):
    done = machine("packages", "demo")
    assert done.returncode == 0
    if os.uname().sysname == "Linux":
        assert "PortAudio and OpenGL" in done.stderr


def test_without_a_python_it_says_which(machine):
    machine.fake("python3", "exit 1")
    done = machine("demo")
    assert done.returncode == 1
    assert "no Python 3.11 or later found" in done.stderr
    assert "make demo PYTHON=" in done.stderr


def test_a_second_run_does_nothing(machine):
    """The first fills .venv through a fake Python that only notes what is asked of pip."""
    python = '[[ "$1" = -m && "$2" = pip ]] && echo "$@" >>"$HOME/pip"; true'
    machine.fake("python3.12", python)
    venv = machine.folder / ".venv" / "bin"
    venv.mkdir(parents=True)
    for name in ("python", "liquidlight"):
        machine.fake(name, python)
        (machine.folder / "bin" / name).rename(venv / name)
    first = machine("test")
    assert first.returncode == 0, first.stderr
    asked = (machine.folder / "pip").read_text()
    assert "--editable ." in asked
    assert "--group dev" in asked
    assert "torch==" in asked
    for kind in ("test", "demo"):
        again = machine(kind)
        assert again.returncode == 0
        assert "installing" not in again.stderr
    assert (machine.folder / "pip").read_text() == asked
    (machine.folder / "pyproject.toml").write_text("[project]\nname = 'changed'\n")
    assert "installing" in machine("demo").stderr


def test_a_wrong_word_is_usage():
    done = subprocess.run([str(SCRIPT), "lunch"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "usage:" in done.stderr
