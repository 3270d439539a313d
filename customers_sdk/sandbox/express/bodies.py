"""Request bodies as body-parser reads them, before anything else is looked at."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Any

from customers_sdk.sandbox.express.jsontext import parse_body

if TYPE_CHECKING:
    from customers_sdk.sandbox.express.exchange import Request

LARGEST_BODY = 1_048_576

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - the grammar's word
_QUOTED = r'"(?:[ !\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\x20-\x7e])*"'
_PARAMETER = re.compile(rf"; *({_TOKEN}) *= *({_QUOTED}|{_TOKEN}) *")
_JSON_TYPE = re.compile(rf" *application/json *((?:{_PARAMETER.pattern})*)\Z", re.IGNORECASE)
_CODECS = {
    **dict.fromkeys(("utf8", "unicode11utf8", "unicode20utf8"), "utf-8"),
    **dict.fromkeys(("utf16le", "ucs2"), "utf-16-le"),
    "utf16be": "utf-16-be",
    "utf16": "utf-16",
    "utf7": "utf-7",
    "utf7imap": "utf-7",
}
_WINDOWS: dict[str, int | None] = {"identity": None, "gzip": 31, "deflate": 15}


class UnreadableBody(Exception):  # noqa: N818 - a verdict
    """A body that the service answers with 500, whatever the route."""


def parsed_body(request: Request) -> Any:
    """Return the JSON body; ``{}`` where there is none, or where its type is not JSON.

    A type with parameters that are not well formed (``application/json;``) is not JSON.

    Raises:
        UnreadableBody: malformed JSON, a top level that is neither object nor array, a charset
            outside UTF, an unknown content encoding, or more than 1,048,576 bytes.
    """
    length: str = request.environ.get("CONTENT_LENGTH") or ""
    kind = _JSON_TYPE.match(request.environ.get("CONTENT_TYPE", "")) if length else None
    if kind is None:
        return {}
    charset = _charset(kind[1]) if kind[1] else "utf-8"
    content = _decompressed(
        request.environ["wsgi.input"].read(int(length)),
        (request.header("CONTENT_ENCODING") or "identity").lower(),
    )
    codec = _CODECS.get(re.sub("[^0-9a-z]", "", re.sub(r":\d{4}$", "", charset)))
    if codec is None:
        raise UnreadableBody(f"charset {charset}")
    if codec == "utf-16":
        codec = _byte_order(content)
    text = content.decode(codec, "replace").removeprefix("\ufeff")
    try:
        return parse_body(text) if text else {}
    except ValueError as error:
        raise UnreadableBody(str(error)) from error


def _charset(parameters: str) -> str:
    charset = ""
    for name, value in _PARAMETER.findall(parameters):
        if name.lower() == "charset":
            charset = value.lower()
    if charset.startswith('"'):
        charset = re.sub(r"\\(.)", r"\1", charset[1:-1])
    if charset and not charset.startswith("utf-"):
        raise UnreadableBody(f"charset {charset}")
    return charset or "utf-8"


def _byte_order(content: bytes) -> str:
    """Guess by the byte order mark, else by where the zero bytes of ASCII are."""
    if content[:2] in (b"\xfe\xff", b"\xff\xfe"):
        return "utf-16-be" if content[0] == 0xFE else "utf-16-le"
    head = content[: min(len(content) // 2 * 2, 64)]
    pairs = list(zip(head[::2], head[1::2]))
    big = sum(1 for first, second in pairs if not first and second)
    little = sum(1 for first, second in pairs if first and not second)
    return "utf-16-be" if big > little else "utf-16-le"


def _decompressed(content: bytes, encoding: str) -> bytes:
    if encoding not in _WINDOWS:
        raise UnreadableBody(f"content encoding {encoding}")
    window = _WINDOWS[encoding]
    if window is not None:
        inflating = zlib.decompressobj(window)
        try:
            content = inflating.decompress(content, LARGEST_BODY + 1)
        except zlib.error as error:
            raise UnreadableBody(str(error)) from error
        if not inflating.eof:
            raise UnreadableBody("the compressed body is cut off")
    if len(content) > LARGEST_BODY:
        raise UnreadableBody("too large")
    return content
