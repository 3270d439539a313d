"""What every resource does: name, encode, send and read; a page, and the walk over pages.

A resource is a small module: a class over `Resource` whose methods state the arguments of a
route, and the models it reads. Models, and what depends on them, take 30 ms to import and only
a first response needs them: so they are imported in the methods.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar, overload

from customers_sdk import _checks
from customers_sdk._http import late
from customers_sdk._http.call import ApiResponse, Call
from customers_sdk._http.transport import Transport
from customers_sdk._settings import Limits
from customers_sdk._stored import differs
from customers_sdk.errors import ResponseFormatError

if TYPE_CHECKING:
    from customers_sdk._lists.walk import Row
    from customers_sdk.pagination import Page

    M = TypeVar("M", bound=Row)

log = logging.getLogger("customers_sdk")

_MOST_AHEAD = 64

C = TypeVar("C", bound="Resource")


class Resource:
    """One kind of record of the service; reached through a client's attribute."""

    _reported = False

    def __init__(self, transport: Transport, app_id: str, limits: Limits) -> None:
        self._transport = transport
        self._app_id = app_id
        self._limits = limits

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of app {self._app_id!r} at {self._transport.base_url}>"

    def __reduce__(self) -> NoReturn:
        self._transport.__reduce__()

    def _get(self, route: str, kind: type[M], limits: Limits, **ids: object) -> M:
        """Retrieve one record.

        Args:
            route: the path, with ``{id}`` for each id.
            kind: the class of the record.
            limits: those of the call.
            ids: the ids under the names of their arguments, in the order of the route.
        """
        response = self._transport.send(Call("GET", path(route, ids), route, limits))
        record = read(response, kind)
        self._report_misfits([record])
        return record

    def _delete(self, route: str, limits: Limits, **ids: object) -> None:
        """Delete one record."""
        self._transport.send(Call("DELETE", path(route, ids), route, limits))

    def _write(
        self,
        method: str,
        route: str,
        kind: type[M],
        sent: Mapping[str, Any],
        limits: Limits,
        *,
        ids: Mapping[str, object] | None = None,
        expected: Mapping[str, Any],
        key: str | None = None,
        first: bool = False,
        derived: bool = False,
        unique: bool = False,
        repeatable: bool = True,
    ) -> M:
        """Make a write, and read the record that comes back.

        Args:
            method, route, kind, limits: the call.
            sent: the checked fields of the body.
            ids: as for `_get`.
            expected: fields that every record sent back must have.
            key: the caller's idempotency key. Under a caller's key the response may be a
                stored one to another request, and so what was sent is compared as well.
            first: whether a stored response is an error, even if it fits, as it always is
                under a derived key: the first write under the key was another one.
            unique, repeatable, derived: see `Call`.
        """
        response = self._transport.send(
            Call(
                method,
                path(route, ids or {}),
                route,
                limits,
                body=late.codec.body(sent),
                key=_checks.idempotency_key(key),
                unique=unique,
                repeatable=repeatable,
                derived=derived,
            )
        )
        if (first or derived) and response.replayed:
            raise response.mismatch("another write was made first", someone_elses=True)
        record = read(response, kind, {**expected, **sent} if key else expected)
        self._report_misfits([record])
        return record

    def _page(
        self,
        route: str,
        kind: type[M],
        query: Mapping[str, Any],
        number: int,
        size: int,
        limits: Limits,
    ) -> Page[M]:
        """Request one page of a list."""
        late.load(late.LISTS)
        from customers_sdk.pagination import page_from

        params = _checks.query(late.codec.names({**query, "page": number, "page_size": size}))
        response = self._transport.send(Call("GET", route, route, limits, query=params))
        try:
            page = page_from(response.data, response.pagination, kind)
        except ResponseFormatError as error:
            raise response.mismatch(error.args[0]) from None
        self._report_misfits(page.items)
        return page

    def _report_misfits(self, records: Sequence[object]) -> None:
        """Warn once, without the value, that free-form JSON is not an object."""
        names = filter(None, map(late.schema.misfit, records))
        if not self._reported and (name := next(names, None)):
            self._reported = True
            log.warning(
                "the service returned a %s that is not an object: it reads as {}, and the value is "
                "in extra[%r] (logged once per client)",
                *(name, name),
            )

    def _walk(
        self,
        route: str,
        kind: type[M],
        query: Mapping[str, Any],
        limits: Callable[[], Limits],
        page_size: int = _checks.LARGEST_PAGE,
        prefetch: int = 0,
    ) -> Iterator[M]:
        """Walk over all pages of a list; the sizes are checked by this call.

        Args:
            route, kind, query: the list.
            limits: gives those of each request.
            page_size: rows a request, from 1 to 100.
            prefetch: pages to fetch in parallel, from 0 to 64.
        """
        size = _checks.integer(page_size, "page_size", most=_checks.LARGEST_PAGE)
        ahead = _checks.integer(prefetch, "prefetch", least=0, most=_MOST_AHEAD)
        return _walked(
            lambda number, size: self._page(route, kind, query, number, size, limits()), size, ahead
        )


def _walked(fetch: Callable[[int, int], Page[M]], size: int, ahead: int) -> Iterator[M]:
    late.load(late.LISTS)
    from customers_sdk._lists.walk import walk

    if not ahead:
        yield from walk(fetch, size)
        return
    late.load(late.AHEAD)
    from customers_sdk._lists.prefetch import Prefetch

    with Prefetch(fetch, size, ahead) as prefetched:
        yield from walk(prefetched, size)


class Attached(Generic[C]):
    """A resource as an attribute of the client's class, which is where test doubles look.

    On the class it is the resource's class; on a client, the client's resource.
    """

    def __init__(self, kind: type[C]) -> None:
        self._kind = kind

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = f"_{name}"

    @overload
    def __get__(self, client: None, owner: type) -> type[C]: ...

    @overload
    def __get__(self, client: Any, owner: type) -> C: ...

    def __get__(self, client: Any, owner: type) -> C | type[C]:
        if client is None:
            return self._kind
        resources: dict[str, C] = client.__dict__
        found = resources.get(self._name)
        if found is None:
            late.load(late.FIRST_CALL)
            made = self._kind(client._transport, client._app_id, client._limits)  # noqa: SLF001
            found = resources.setdefault(self._name, made)
        return found


def path(route: str, ids: Mapping[str, object]) -> str:
    """The path of a route with these ids."""
    for name, value in ids.items():
        route = route.replace("{id}", _checks.segment(value, name), 1)
    return route


def read(response: ApiResponse, kind: type[M], expected: Mapping[str, Any] | None = None) -> M:
    """Read the record in a response; a stored one has to have the expected fields.

    Raises:
        ResponseFormatError: it is not such a record.
        IdempotencyError: it is the stored response to another request.
    """
    stored = response.replayed and expected is not None
    try:
        record: M = late.schema.structure(response.data, kind)
    except ResponseFormatError as error:
        if not stored:
            raise response.mismatch(error.args[0]) from None
        wrong: str | None = "kind"
    else:
        wrong = differs(expected or {}, record) if stored else None
        if wrong is None:
            return record
    what = f"the stored response to this idempotency key has another {wrong}"
    raise response.mismatch(what, someone_elses=True)
