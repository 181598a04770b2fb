"""The page of a performance, served on a thread of its own; page_answers.py answers.

At addresses for this machine alone, unless the page is opened to the network, with a token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from controllers.announce import own_addresses
from controllers.page.access import new_token
from controllers.page.app import make_app
from controllers.page.hub import Hub
from controllers.web_server import WebServer
from engine.errors import DeviceError, LiquidlightError
from engine.network import EVERYWHERE, HERE
from engine.page_answers import LivePage

if TYPE_CHECKING:
    from engine.live import Performance

PAGE_PORT, PAGE_PORTS = 8080, 10
"""The usual port, and how many from there are tried."""


class Page:
    """The page, served: `url` is where it is, with its token where it has one. Raises DeviceError
    where a port that was asked for cannot be had."""

    def __init__(self, show: Performance) -> None:
        options = show.options
        self.live = LivePage(show, show.surface)
        self.hub = Hub(self.live, options.page_lan)
        self._token = new_token() if options.page_lan else None
        self._web: WebServer | None = None
        try:
            self._serve(options.page_port, options.page_lan)
        except BaseException:
            self.live.release()
            raise

    def _serve(self, asked: int | None, lan: bool) -> None:
        """On the port that was asked for, else on the first that no other show has."""
        ports = range(PAGE_PORT, PAGE_PORT + PAGE_PORTS) if asked is None else [asked]
        address = own_addresses()[0] if lan else HERE
        query = f"?token={self._token}" if self._token else ""
        for port in ports:
            self.url = f"http://{address}:{port}/{query}"
            app = make_app(self.live, self.hub, self._token, self.url if lan else "")
            try:
                self._web = WebServer(app, port, EVERYWHERE if lan else HERE, "page")
                return
            except DeviceError:
                if port == ports[-1]:
                    raise

    def close(self) -> None:
        if self._web is not None:
            self._web.close()
        self.live.release()


def open_page(show: Performance) -> Page | None:
    """The page as it was asked for; one that nobody asked for may fail with a note."""
    if show.options.page_port == 0:
        return None
    asked = show.options.page or show.options.page_lan or show.options.page_port is not None
    try:
        page = Page(show)
    except LiquidlightError as error:
        if asked:
            raise
        show.tell(f"{error}; going on without the page")
        return None
    show.tell(f"the page: {page.url}")
    if show.options.page_lan:
        _draw_code(page.url)
    if show.options.page:
        import webbrowser

        webbrowser.open(page.url)
    return page


def _draw_code(url: str) -> None:
    """A QR code on the terminal, for a phone's camera."""
    import sys

    import segno

    if sys.stderr.isatty():
        segno.make(url, error="l").terminal(out=sys.stderr, compact=True)
