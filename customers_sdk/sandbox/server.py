"""One WSGI application served by waitress in a background thread."""

from __future__ import annotations

import logging
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, NoReturn

from waitress import create_server  # type: ignore[import-untyped,unused-ignore]
from waitress.channel import ClientDisconnected  # type: ignore[import-untyped,unused-ignore]

from customers_sdk.sandbox.express.node import NodeChannel
from customers_sdk.sandbox.faults.injection import CALLER, Caller

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_SETTINGS = {
    "threads": 32,
    "connection_limit": 1000,
    # The service drops an idle connection after 5 s and answers 431 above 16 KiB of header.
    "channel_timeout": 5,
    "cleanup_interval": 1,
    "max_request_header_size": 16_384,
    "max_request_body_size": 64 * 1024 * 1024,
    "ident": "",
}
_LONGEST_HOLD = 60.0
_GLANCE = 0.02


class SocketCaller(Caller):
    """A caller at the other end of a connection, who may hang up."""

    def __init__(self, environ: WSGIEnvironment, closing: threading.Event) -> None:
        self._channel: Any = environ["waitress.client_disconnected"].__self__
        self._closing = closing

    def gone(self) -> bool:
        """Tell whether the caller has closed the connection."""
        if not self._channel.connected:
            return True
        try:
            # Waitress would see it too, if told to read ahead, but then the thread that reads gets
            # in the way of the one that responds: half of a request's time.
            return not self._channel.socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def wait(self, seconds: float) -> None:
        """Sleep, no longer than the server lives."""
        self._closing.wait(seconds)

    def hold(self) -> NoReturn:
        """Keep the connection open until the caller hangs up, for a minute at most."""
        ends = time.monotonic() + _LONGEST_HOLD
        while not self.gone() and time.monotonic() < ends and not self._closing.wait(_GLANCE):
            pass
        self.drop()

    def drop(self) -> NoReturn:
        """Have waitress close the connection."""
        raise ClientDisconnected


def url_of(address: str, port: int) -> str:
    """Return the URL to call where a socket listens; on all addresses, this machine's own."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
    host = everywhere.get(address, address)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server:
    """Listens from construction on; raises ``OSError`` where the address cannot be had.

    `port` 0 takes a free one. `host` is the address to bind, `base_url` the one to call.
    """

    def __init__(self, application: WSGIApplication, host: str, port: int) -> None:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        self._socket = socket.create_server(address[:2], family=family, backlog=1024)
        bound = self._socket.getsockname()
        self.base_url: str = url_of(bound[0], bound[1])
        # A queue is no news: it would be printed for each request above the number of threads.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._channels: dict[int, Any] = {}
        self._ending = threading.Event()

        def carried(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            environ[CALLER] = SocketCaller(environ, self._ending)
            return application(environ, start_response)

        self._server: Any = create_server(
            carried, map=self._channels, sockets=[self._socket], **_SETTINGS
        )
        self._server.channel_class = NodeChannel
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="customers-sandbox", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._closing:
            self._server.asyncore.loop(timeout=1, map=self._channels, use_poll=True, count=1)

    def close(self) -> None:
        """Finish the requests that run (5 seconds at most) and free the port."""
        if self._closing:
            return
        self._ending.set()
        self._server.accepting = False
        self._server.task_dispatcher.shutdown()
        self._closing = True
        self._server.pull_trigger()
        self._thread.join()
        self._server.asyncore.close_all(self._channels)
        self._socket.close()
