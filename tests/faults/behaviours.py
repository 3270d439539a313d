"""The faults: what the server may do to a request instead of answering it well."""

from __future__ import annotations

import gzip
import json
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from tests.faults.server import Behaviour, Connection, before_reading, message, well

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 1024 * 1024
HUGE = 40 * MIB  # beyond the limit of 32 MiB
_SLOW = 0.05  # seconds between the bytes of a drip: far below any read timeout here


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


def _answer_of(connection: Connection) -> tuple[int, bytes]:
    status, _, body = connection.carry_out()
    return status, body or b'{"success":true,"data":null}'


def close_mid_body(connection: Connection) -> None:
    status, body = _answer_of(connection)
    connection.send(message(status if status != 204 else 200, body)[:-10])


def reset_mid_body(connection: Connection) -> None:
    close_mid_body(connection)
    time.sleep(_SLOW)
    connection.reset()


def hang_mid_body(connection: Connection) -> None:
    status, _, body = connection.carry_out(forget=True)
    body = body or b'{"success":true,"data":null}'
    connection.send(message(status if status != 204 else 200, body)[:-10])
    connection.hang()


def drip_head(connection: Connection) -> bool:
    """The head comes a byte at a time, each within the read timeout; the answer is whole."""
    status, headers, body = connection.carry_out()
    lines = [f"{name}: {value}" for name, value in headers.items() if "request" in name.lower()]
    answer = message(status, body, *lines, length=status != 204)
    connection.drip(answer[:20], 0.01)
    connection.send(answer[20:])
    return True


def drip_body(connection: Connection) -> None:
    connection.carry_out(forget=True)
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    connection.drip(b" " * 100_000, _SLOW)


def drip_chunks(connection: Connection) -> None:
    connection.carry_out(forget=True)
    connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    connection.drip(b"1\r\n \r\n" * 10_000, _SLOW)


def drip_chunk_size(connection: Connection) -> None:
    """No data at all: one line that announces a chunk and does not end."""
    connection.carry_out(forget=True)
    connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    connection.drip(b"1;" + b"x" * 50_000, _SLOW)


def drip_trailer(connection: Connection) -> None:
    connection.carry_out(forget=True)
    connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n")
    connection.drip(b"x-t: " + b"x" * 50_000, _SLOW)


def drip_gzip(connection: Connection) -> None:
    """Bytes keep coming, and decode to nothing: the file name in the head of a gzip stream."""
    connection.carry_out(forget=True)
    head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 100000\r\n\r\n"
    connection.send(head.encode())
    connection.drip(b"\x1f\x8b\x08\x08\0\0\0\0\0\x03" + b"n" * 50_000, _SLOW)


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


def in_seconds(seconds: float) -> str:
    return formatdate(time.time() + seconds, usegmt=True)


#: The 409 of a key whose first request is still running.
busy = answer(
    409,
    {"success": False, "error": {"type": "idempotency_error", "message": "being processed"}},
    heard=False,
)


def length_too_long(connection: Connection) -> None:
    status, body = _answer_of(connection)
    head = f"HTTP/1.1 {200 if status == 204 else status} OK\r\nContent-Length: {len(body) + 7}\r\n"
    connection.send(head.encode() + b"\r\n" + body)


def length_too_short(connection: Connection) -> bool:
    status, body = _answer_of(connection)
    head = f"HTTP/1.1 {200 if status == 204 else status} OK\r\nContent-Length: {len(body) - 7}\r\n"
    connection.send(head.encode() + b"\r\n" + body)
    return True


def truncated_json(connection: Connection) -> bool:
    """A whole HTTP message with half a JSON text in it."""
    status, body = _answer_of(connection)
    connection.send(message(200 if status == 204 else status, body[: len(body) // 2]))
    return True


def body_after_204(connection: Connection) -> bool:
    """A 204 that has a body all the same, made to look like an answer to the next call."""
    connection.carry_out()
    poison = message(200, b'{"success":true,"data":{"id":"somebody-else"}}')
    connection.send(b"HTTP/1.1 204 No Content\r\n\r\n" + poison)
    return True


def late_body_after_204(connection: Connection) -> bool:
    """The same, announced, and coming only when the next request is on its way."""
    connection.carry_out()
    poison = message(200, b'{"success":true,"data":{"id":"somebody-else"}}')
    head = f"HTTP/1.1 204 No Content\r\nContent-Length: {len(poison)}\r\n\r\n"
    connection.send(head.encode())
    if not connection.wait():
        return False
    connection.send(poison)
    return True


def early_hints(connection: Connection) -> bool:
    """103 and, in the same breath, the answer."""
    connection.send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
    return well(connection)


def late_after_103(connection: Connection) -> bool:
    """103, and the answer only once the caller has sent something else."""
    connection.send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
    if not connection.wait():
        return False
    connection.send(message(200, b'{"success":true,"data":{"id":"somebody-else"}}'))
    return True


def hundred_first(connection: Connection) -> bool:
    connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    return well(connection)


def _pieces(total: int) -> Iterator[bytes]:
    piece = b" " * MIB
    for _ in range(total // MIB):
        yield piece


def huge(connection: Connection) -> None:
    connection.carry_out()
    connection.send(f"HTTP/1.1 200 OK\r\nContent-Length: {HUGE}\r\n\r\n".encode())
    for piece in _pieces(HUGE):
        connection.send(piece)


def huge_chunked(connection: Connection) -> None:
    connection.carry_out()
    connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for piece in _pieces(HUGE):
        connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
    connection.send(b"0\r\n\r\n")


_FUSE = gzip.compress(b" " * MIB)  # gzip streams may follow one another


def gzip_bomb(connection: Connection) -> bool:
    """A thousand times as much as is sent."""
    connection.carry_out()
    connection.send(message(200, _FUSE * (HUGE // MIB), "Content-Encoding: gzip"))
    return True


def gzip_well(connection: Connection) -> bool:
    status, body = _answer_of(connection)
    if status == 204:
        status = 200
    connection.send(message(status, gzip.compress(body), "Content-Encoding: gzip"))
    return True


def close_idle(connection: Connection) -> None:
    """Answer well, and close the connection that was to be kept."""
    well(connection)


def redirect(status: int, location: str) -> Behaviour:
    return answer(status, b"moved", f"Location: {location}", heard=False)


def dripping_redirect(location: str) -> Behaviour:
    """A redirect whose body does not end."""

    def behaviour(connection: Connection) -> None:
        head = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 100000\r\n\r\n"
        connection.send(head.encode())
        connection.drip(b" " * 100_000, _SLOW)

    return behaviour


def endless_continue(connection: Connection) -> None:
    """Interim responses without end, each of them whole."""
    connection.carry_out()
    until = time.monotonic() + 10
    while not connection.server.stopped and time.monotonic() < until:
        connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.01)


def drip_status(connection: Connection) -> None:
    connection.carry_out()
    connection.drip(b"HTTP/1.1 200 " + b"x" * 10_000, _SLOW)


def drip_header(connection: Connection) -> None:
    connection.carry_out()
    connection.send(b"HTTP/1.1 200 OK\r\n")
    connection.drip(b"x-long: " + b"x" * 10_000, _SLOW)


def endless_headers(connection: Connection) -> None:
    connection.carry_out()
    connection.send(b"HTTP/1.1 200 OK\r\n")
    for index in range(99):  # `http.client` refuses more than 100
        if connection.server.stopped:
            return
        connection.send(b"x-%d: y\r\n" % index)
        time.sleep(0.1)


@before_reading
def never_read(connection: Connection) -> None:
    """Accept, and leave all that is sent where it is."""
    until = time.monotonic() + 10
    while not connection.server.stopped and time.monotonic() < until:
        time.sleep(0.01)
