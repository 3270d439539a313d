"""A page of a list."""

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import attrs

from customers_sdk._wire import schema

T = TypeVar("T")


class IncompleteListWarning(UserWarning):
    """A list is incomplete: rows with the same creation time, or of a gap, were not retrieved."""


@attrs.frozen(weakref_slot=False)
class Page(Generic[T]):
    """One page of a list; iterating gives its items.

    Attributes:
        items: what is on it.
        page: its number, from 1.
        page_size: how many items a full page has.
        total: how many items all pages have together.
        total_pages: how many pages there are; 0 if there are no items.
    """

    items: tuple[T, ...] = attrs.field(repr=False)
    page: int
    page_size: int
    total: int
    total_pages: int

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@attrs.frozen(kw_only=True, weakref_slot=False)
class _Numbers:
    """The ``pagination`` of an answer."""

    __slots__ = ()

    total: int
    page: int
    page_size: int
    total_pages: int
    extra: dict[str, Any] = attrs.field(factory=dict)


def page_from(data: Any, pagination: Any, kind: type[T]) -> Page[T]:
    """Read a page of ``kind`` out of a response's ``data`` and ``pagination``."""
    numbers = schema.structure(pagination, _Numbers, "pagination")
    return Page(
        schema.structure_list(data, kind),
        numbers.page,
        numbers.page_size,
        numbers.total,
        numbers.total_pages,
    )
