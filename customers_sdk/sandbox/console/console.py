"""The console's routes: its files, and what they show that the control routes do not."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from customers_sdk.sandbox.console import customers
from customers_sdk.sandbox.express.exchange import Response
from customers_sdk.sandbox.faults.control_routes import Call, ControlRoutes, Refused

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from customers_sdk.sandbox.handle import Handle

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".yaml": "application/yaml; charset=utf-8",
}
# How many requests one poll of the page gets.
_MOST = 1000
_PAGE_SIZE = 25


class Console(ControlRoutes):
    """The control routes, and those that the page needs."""

    def __init__(self, service: Handle, application: WSGIApplication) -> None:
        super().__init__(service, application)
        page = files("customers_sdk.sandbox.console") / "page"
        self._files = {file.name: file for file in page.iterdir() if file.is_file()}
        pages = {
            "": lambda _: _content(self._files["index.html"]),
            "console": self._file,
            "openapi.yaml": lambda _: _content(files("customers_sdk") / "openapi.yaml"),
            "feed": self._feed,
            "request": self._request,
            "customers": self._customers,
            "settings": self._settings,
        }
        self._routes.update({name: {"GET": action} for name, action in pages.items()})

    def _file(self, call: Call) -> Response:
        if call.rest not in self._files:
            raise Refused(404, "there is no such file")
        return _content(self._files[call.rest])

    def _feed(self, call: Call) -> Any:
        """The requests that came or ended since a cursor, and the faults that wait."""
        log = self._service.log
        found, cursor, oldest = log.changed(call.number("after", 0), _MOST)
        return {
            "run": log.run,
            "cursor": cursor,
            "oldest": oldest,
            "requests": [entry.summary() for entry in found],
            "more": len(found) == _MOST,
            "faults": self._service.faults.waiting(),
        }

    def _request(self, call: Call) -> Any:
        entry = self._service.log.entry(int(call.rest)) if call.rest.isdecimal() else None
        if entry is None:
            raise Refused(404, "the log does not hold this request any more")
        return entry.details()

    def _customers(self, call: Call) -> Any:
        store = self._service.store
        if not call.rest:
            page = max(call.number("page", 1), 1)
            return customers.page(store, call.query.get("search", ""), page, _PAGE_SIZE)
        found = customers.one(store, call.rest)
        if found is None:
            raise Refused(404, f"there is no customer {call.rest}")
        return found

    def _settings(self, _: Call) -> Any:
        service, chains = self._service, customers.chains(self._service.store)
        return {"app_id": service.app_id, "api_key": service.api_key, "chains": chains}


def _content(file: Any) -> Response:
    return Response(200, file.read_bytes(), {"Content-Type": _TYPES[Path(file.name).suffix]})
