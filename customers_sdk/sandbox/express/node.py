"""What Node.js does before Express sees a request, where waitress does something else."""

from __future__ import annotations

from typing import Any

from waitress.channel import HTTPChannel  # type: ignore[import-untyped,unused-ignore]
from waitress.parser import (  # type: ignore[import-untyped,unused-ignore]
    HTTPRequestParser,
    ParsingError,
)
from waitress.task import ErrorTask  # type: ignore[import-untyped,unused-ignore]


class _Parser(HTTPRequestParser):  # type: ignore[misc,unused-ignore]
    def parse_header(self, header_plus: bytes) -> None:
        """Refuse a body that is announced in two ways."""
        super().parse_header(header_plus)
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("Content-Length with Transfer-Encoding")


class _BareError(ErrorTask):  # type: ignore[misc,unused-ignore]
    def execute(self) -> None:
        """Respond to what is not HTTP with a status line, and close the connection."""
        others = {431: "431 Request Header Fields Too Large", 500: "500 Internal Server Error"}
        self.status = others.get(self.request.error.code, "400 Bad Request")
        self.set_close_on_finish()
        self.content_length = 0
        self.write(b"")


class NodeChannel(HTTPChannel):  # type: ignore[misc,unused-ignore]
    """A connection to a caller, as Node.js keeps it."""

    parser_class: Any = _Parser
    error_task_class: Any = _BareError

    def send_continue(self) -> None:
        """Send ``100 Continue``; a request that announces no body is complete after it too."""
        completed = self.request.completed
        super().send_continue()
        self.request.completed = completed
