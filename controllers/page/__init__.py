"""The page: the show in a browser, on a laptop or a phone, served by the running show.

`contract.py` says what the page asks of a show, `hub.py` keeps all pages in step, `app.py` serves
them, `access.py` says who may come in; `static/` is the page itself, without outside resources.
"""
