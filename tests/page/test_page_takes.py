"""Takes on their way to the page: real files on a real shelf, in step on two pages."""

import json

import pytest
from test_page_served import Browser, Show

from controllers.page.app import make_app
from controllers.page.hub import Hub
from controllers.web_server import WebServer
from engine.take_shelf import TakeShelf
from engine.takes import TakeWriter


class Shelved(Show):
    """A show in memory whose takes lie on a disk."""

    def __init__(self, folder) -> None:
        super().__init__()
        self.shelf = TakeShelf([folder])
        self.takes_facts = {"film": None, "take": None, "laid": None, "free": 5_000_000}

    def takes(self):
        return self.shelf.rows

    def delete_take(self, name):
        return self.shelf.delete(name)

    def restore_take(self, name):
        return self.shelf.restore(name)

    def now(self):
        return {**super().now(), **self.takes_facts}


@pytest.fixture
def told(tmp_path):
    writer = TakeWriter(tmp_path / "friday.take", "first_light", "", {})
    writer.hop(93, [])
    writer.close()
    show = Shelved(tmp_path)
    show.shelf.look()
    web = WebServer(make_app(show, Hub(show), None, ""), 0)
    pages = Browser(web), Browser(web)
    yield show, *pages
    for page in pages:
        page.close()
    web.close()


def test_a_page_that_comes_has_the_takes_and_what_is_recorded(told):
    _, page, _ = told
    (row,) = page.state["takes"]
    assert (row["name"], row["show"], row["seconds"]) == ("friday", "first_light", 1.0)
    assert row["path"].endswith("friday.take") and row["bytes"] > 0 and row["when"] > 0
    assert page.until("now")["free"] == 5_000_000


def test_what_one_page_deletes_is_gone_on_the_other_until_it_is_had_back(told, tmp_path):
    _, page, other = told
    page.say(ask=[1, "delete_take", "friday"])
    assert other.until("takes") == []
    assert not (tmp_path / "friday.take").exists()
    page.say(ask=[2, "restore_take", "friday"])
    assert [row["name"] for row in other.until("takes")] == ["friday"]
    assert (tmp_path / "friday.take").exists() and (tmp_path / "friday.wav").exists()
    for _ in range(20):
        assert "takes" not in json.loads(other.socket.recv(timeout=5.0)), "told when it changes"


@pytest.mark.parametrize("name", ["../friday", "/etc/passwd", "", "friday.take", "x" * 5000])
def test_only_names_of_the_list_are_taken(told, tmp_path, name):
    show, page, _ = told
    page.say(ask=[1, "delete_take", name])
    number, answer = page.until("answer")
    assert "is no take here: friday" in answer["error"] and len(answer["error"]) < 200
    page.say(ask=[2, "restore_take", name])
    assert "was not deleted" in page.until("answer")[1]["error"]
    assert show.shelf.rows and (tmp_path / "friday.take").exists()


def test_a_name_goes_to_the_show_as_a_hand_does(told):
    show, page, _ = told
    page.say(set=["take.play", "friday"])
    assert page.until("held", lambda held: "take.play" in held) == {"take.play": "friday"}
    assert show.state["take.play"] == "friday"
