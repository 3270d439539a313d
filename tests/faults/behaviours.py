"""The faults: what the server may do to a request instead of answering it well."""

from __future__ import annotations

import gzip
import json
from typing import Any

from tests.faults.server import Behaviour, Connection, before_reading, message, well

MIB = 1024 * 1024
HUGE = 40 * MIB  # beyond the limit of 32 MiB
SLOW = 0.05  # seconds between the bytes of a drip: far below any read timeout here


@before_reading
def hang_unread(connection: Connection) -> None:
    connection.hang()


@before_reading
def reset_unread(connection: Connection) -> None:
    connection.reset()


def hang(connection: Connection) -> None:
    """The service does it, keeps no answer and gives none."""
    connection.carry_out(forget=True)
    connection.hang()


def hang_before(connection: Connection) -> None:
    """The request is read, and goes no further."""
    connection.hang()


def reset(connection: Connection) -> None:
    """The service does it, and its answer is lost."""
    connection.carry_out()
    connection.reset()


def close(connection: Connection) -> None:
    connection.carry_out()


def close_mid_head(connection: Connection) -> None:
    connection.carry_out()
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Ty")


def _answer_of(connection: Connection, *, forget: bool = False) -> tuple[int, bytes]:
    """What the service answers, made to have a body."""
    status, _, body = connection.carry_out(forget=forget)
    return 200 if status == 204 else status, body or b'{"success":true,"data":null}'


def close_mid_body(connection: Connection) -> None:
    connection.send(message(*_answer_of(connection))[:-10])


def hang_mid_body(connection: Connection) -> None:
    connection.send(message(*_answer_of(connection, forget=True))[:-10])
    connection.hang()


def drip_head(connection: Connection) -> bool:
    """The head comes a byte at a time, each within the read timeout; the answer is whole."""
    status, headers, body = connection.carry_out()
    lines = [f"{name}: {value}" for name, value in headers.items() if "request" in name.lower()]
    answer = message(status, body, *lines, length=status != 204)
    connection.drip(answer[:20], 0.01)
    connection.send(answer[20:])
    return True


def dripping(start: bytes, data: bytes, every: float = SLOW, size: int = 1) -> Behaviour:
    """The service does it, and its answer begins well and comes in small pieces from then on."""

    def behaviour(connection: Connection) -> None:
        connection.carry_out(forget=True)
        connection.send(start)
        connection.drip(data, every, size)

    return behaviour


def chunked(data: bytes) -> Behaviour:
    """The same, in the chunks of HTTP."""
    return dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", data)


drip_body = dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" " * 100_000)
drip_chunks = chunked(b"1\r\n \r\n" * 10_000)
#: Interim responses without end, each of them whole.
endless_continue = dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000, 0.01, size=25)


def raw(data: bytes, *, keep: bool = False) -> Behaviour:
    """The service does it, and something else is sent in place of its answer."""

    def behaviour(connection: Connection) -> bool:
        connection.carry_out()
        connection.send(data)
        return keep

    return behaviour


def unheard(data: bytes, *, keep: bool = True) -> Behaviour:
    """Something between answers, and the service never hears of it."""

    def behaviour(connection: Connection) -> bool:
        connection.send(data)
        return keep

    return behaviour


def answer(status: int, body: Any = b"", *lines: str, heard: bool = True) -> Behaviour:
    """A whole answer in place of the service's own."""
    encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
    return (raw if heard else unheard)(message(status, encoded, *lines), keep=True)


def html(status: int, *, heard: bool = False) -> Behaviour:
    page = b"<html><head><title>Oops</title></head><body>proxy</body></html>"
    return answer(status, page, "Content-Type: text/html", heard=heard)


def error(status: int, code: str = "INTERNAL_ERROR", *lines: str, heard: bool = False) -> Behaviour:
    body = {"success": False, "error": {"code": code, "message": "no"}}
    return answer(status, body, "Content-Type: application/json", *lines, heard=heard)


def limited(*retry_after: str) -> Behaviour:
    """A rate limit's answer, with these values of `Retry-After`."""
    return error(429, "RATE_LIMIT_EXCEEDED", *(f"Retry-After: {value}" for value in retry_after))


#: The 409 of a key whose first request is still running.
busy = answer(
    409,
    {"success": False, "error": {"type": "idempotency_error", "message": "being processed"}},
    heard=False,
)


def misjudged(by: int) -> Behaviour:
    """An answer whose length is not what it says."""

    def behaviour(connection: Connection) -> bool:
        status, body = _answer_of(connection)
        said = f"Content-Length: {len(body) + by}"
        connection.send(message(status, body, said, reason="OK", length=False))
        return by < 0

    return behaviour


length_too_long = misjudged(7)
length_too_short = misjudged(-7)


def truncated_json(connection: Connection) -> bool:
    """A whole HTTP message with half a JSON text in it."""
    status, body = _answer_of(connection)
    connection.send(message(status, body[: len(body) // 2]))
    return True


#: Made to look like an answer to the next call.
POISON = message(200, b'{"success":true,"data":{"id":"somebody-else"}}')


def body_after_204(connection: Connection) -> bool:
    """A 204 that still has a body."""
    connection.carry_out()
    connection.send(b"HTTP/1.1 204 No Content\r\n\r\n" + POISON)
    return True


def early_hints(connection: Connection) -> bool:
    """103 and, in the same breath, the answer."""
    connection.send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
    return well(connection)


def huge(connection: Connection) -> None:
    connection.carry_out()
    connection.send(f"HTTP/1.1 200 OK\r\nContent-Length: {HUGE}\r\n\r\n".encode())
    for _ in range(HUGE // MIB):
        connection.send(b" " * MIB)


_FUSE = gzip.compress(b" " * MIB)  # gzip streams may follow one another


def gzip_bomb(connection: Connection) -> bool:
    """A thousand times as much as is sent."""
    connection.carry_out()
    connection.send(message(200, _FUSE * (HUGE // MIB), "Content-Encoding: gzip"))
    return True


def redirect(status: int, location: str) -> Behaviour:
    return answer(status, b"moved", f"Location: {location}", heard=False)
