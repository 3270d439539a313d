"""Request bodies as body-parser reads them, before anything else is looked at."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Optional

from customers_sdk.sandbox.express.javascript import parse_json

if TYPE_CHECKING:
    from flask import Request

LARGEST_BODY = 1_048_576


class UnreadableBody(Exception):  # noqa: N818 - a verdict
    """A body the service answers with 500, whatever the route (``create_json_string``)."""


def parsed_body(request: Request) -> Any:
    """The JSON body; ``{}`` where there is none, or where its type is not ``application/json``.

    Raises `UnreadableBody` for malformed JSON, a top level that is neither object nor array, a
    charset outside UTF, an unknown content encoding, and more than 1,048,576 bytes.
    """
    if (
        request.environ.get("CONTENT_LENGTH") in (None, "")
        or request.mimetype != "application/json"
    ):
        return {}
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if not charset.startswith("utf-"):
        raise UnreadableBody(f"charset {charset}")
    content = _decompressed(request)
    if not content:
        return {}
    try:
        return parse_json(content.decode(charset, "replace").lstrip("\ufeff"))
    except (ValueError, LookupError) as error:
        raise UnreadableBody(str(error)) from error


def _decompressed(request: Request) -> bytes:
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    windows: dict[str, Optional[int]] = {"identity": None, "": None, "gzip": 31, "deflate": 15}
    if encoding not in windows:
        raise UnreadableBody(f"content encoding {encoding}")
    content = request.get_data(parse_form_data=False)
    window = windows[encoding]
    if window is not None:
        try:
            content = zlib.decompressobj(window).decompress(content, LARGEST_BODY + 1)
        except zlib.error as error:
            raise UnreadableBody(str(error)) from error
    if len(content) > LARGEST_BODY:
        raise UnreadableBody("too large")
    return content
