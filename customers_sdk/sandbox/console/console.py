"""The console's routes: its files, and what they show that the control routes do not."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from customers_sdk.sandbox.express.exchange import Response
from customers_sdk.sandbox.express.jsontext import load, stored_json
from customers_sdk.sandbox.faults.control_routes import Call, ControlRoutes, Refused
from customers_sdk.sandbox.service.shapes import timestamp

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from customers_sdk.sandbox.backend import Handle

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
_COUNTS = ", ".join(
    f"(SELECT count(*) FROM {table} WHERE customer_id = customers.id) AS {table}"  # noqa: S608
    for table in ("wallets", "payment_intents", "invoices")
)
_FOUND = """
    FROM customers WHERE :search = '' OR id = :search
    OR ilike(:part, email) OR ilike(:part, name) OR ilike(:part, external_id)
"""
_PAGE = f"""
    SELECT id, external_id, email, name, created_at, {_COUNTS} {_FOUND}
    ORDER BY created_at DESC, seq DESC LIMIT :size OFFSET :skip
"""
_CHAINS = "SELECT chain_id, name, family FROM chains WHERE enabled ORDER BY chain_id"


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
        """One customer, or a page of them, newest first; `search` is a part of a text, or an id."""
        if call.rest:
            return self._customer(call.rest)
        number, search = max(call.number("page", 1), 1), call.query.get("search", "")
        literal = search.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        skip = _PAGE_SIZE * (number - 1)
        values = {"search": search, "part": f"%{literal}%", "size": _PAGE_SIZE, "skip": skip}
        with self._service.store.database.reading() as connection:
            total = connection.execute(f"SELECT count(*) {_FOUND}", values).fetchone()[0]
            rows = connection.execute(_PAGE, values).fetchall()
        found = [{**dict(row), "created_at": timestamp(row["created_at"])} for row in rows]
        pages = -(-total // _PAGE_SIZE)
        return {"customers": found, "total": total, "page": number, "pages": pages}

    def _customer(self, customer_id: str) -> Any:
        """The customer as the API shows it, its metadata as text."""
        found = self._service.store.detail(customer_id)
        if found is None:
            raise Refused(404, f"there is no customer {customer_id}")
        shape: dict[str, Any] = load(found[1])
        # A browser's numbers are not exact: it gets the text to show.
        shape["metadata"] = stored_json(shape["metadata"])
        for intent in shape["paymentIntents"]:
            del intent["checkoutSessions"]  # not shown, and of any depth
        return shape

    def _settings(self, _: Call) -> Any:
        service = self._service
        with service.store.database.reading() as connection:
            chains = [dict(row) for row in connection.execute(_CHAINS)]
        return {"app_id": service.app_id, "api_key": service.api_key, "chains": chains}


def _content(file: Any) -> Response:
    return Response(200, file.read_bytes(), {"Content-Type": _TYPES[Path(file.name).suffix]})
