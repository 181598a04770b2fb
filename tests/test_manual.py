"""README and manual: what they link to is there, their looks and sets are right."""

import re
import tomllib
from pathlib import Path

import pytest

from engine.show import load_preset

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def _anchor(heading: str) -> str:
    """A heading's anchor as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", page.read_text("utf-8")):
        name, _, part = target.partition("#")
        there = page.parent / name if name else page
        assert there.is_file(), target
        if part:
            headings = re.findall(r"(?m)^#+ (.+)$", there.read_text("utf-8"))
            assert part in map(_anchor, headings), target


def test_the_readme_leads_to_every_page():
    readme = PAGES[0].read_text("utf-8")
    assert [page.name for page in PAGES[1:] if f"(docs/{page.name})" not in readme] == []


def test_the_first_look_of_the_readme_is_one(tmp_path):
    (text,) = re.findall(r"```toml\n(.*?)```", PAGES[0].read_text("utf-8"), re.S)
    (tmp_path / "look.toml").write_text(text, "utf-8")
    assert load_preset(tmp_path / "look.toml").style == "glowing neon"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_are_toml(page):
    for text in re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.S):
        tomllib.loads(text)
