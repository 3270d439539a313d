"""Play recorded sequences of requests against a service, and report where it responds otherwise.

Usage: python tools/contract.py [--service URL [--app ID]] [--show N]

Without --service a sandbox is started. With it, customers are created there and stay; the variable
NODERAILS_API_KEY holds a test key of that service. --app is the id of an app that the key may use;
without it the newest customer's app is used.

The sequences were recorded on the service itself, each on an account of its own. On an account
that others use too, lists are compared by the sequence's own customers alone.
"""

from __future__ import annotations

import argparse
import base64
import collections
import contextlib
import gzip
import hashlib
import http.client
import json
import os
import re
import secrets
import socket
import ssl
import sys
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

SEQUENCES = Path(__file__).resolve().parent.parent / "tests" / "data" / "sequences.jsonl.gz"
WANTED = 0.999

HEADERS = ("content-type", "noderails-version", "idempotent-replayed", "x-request-id")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z")
PLACEHOLDER = re.compile(rb"\{([a-z]+[0-9]*[a-z0-9]*)\}")
EXTERNAL_ID = re.compile(rb'("externalId"\s*:\s*"(?:[^"\\]|\\.){1,200})"')
# No search of the sequences finds these characters.
MARK = re.compile("\u28ff[\u2800-\u28ff]+")

# Members that the service has added to customers since it was recorded, by their wire names.
# They are not compared. Take a name out once all recordings have the member.
NEWER: frozenset[str] = frozenset()

Operation = dict[str, Any]


class Service:
    """Where requests are sent: each on a connection of its own, byte for byte."""

    def __init__(self, url: str, key: str, app_id: str) -> None:
        parts = urllib.parse.urlsplit(url)
        secure = parts.scheme == "https"
        self.host = str(parts.hostname)
        self.address = (self.host, parts.port or (443 if secure else 80))
        self.key = key
        self.app_id = app_id
        self._context = ssl.create_default_context() if secure else None

    def send(self, method: str, raw: bytes) -> tuple[Any, dict[str, str], bytes]:
        """Return status (or the name of an error), headers in lower case, and body."""
        with socket.create_connection(self.address, 20) as plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stream = plain
            if self._context:
                stream = self._context.wrap_socket(plain, server_hostname=self.host)
            response = http.client.HTTPResponse(stream, method=method)
            with contextlib.suppress(OSError):  # the response may tell why it hung up
                stream.sendall(raw)
            try:
                response.begin()
                headers = {name.lower(): value for name, value in response.getheaders()}
                return response.status, headers, response.read()
            except (http.client.HTTPException, OSError, ValueError) as error:
                return f"ERR:{type(error).__name__}", {}, b""


class Player:
    """One sequence on one service, and what its placeholders stand for there.

    Placeholders: ``{a1}`` the app, ``{k1}`` its key, ``{c0}`` … customers and ``{w0}`` … wallets in
    the order of their creation, ``{etag}`` the last ETag of a GET, ``{pre}`` a prefix of its own,
    ``{upX}`` X in upper case. `shared` says that others use the account.
    """

    def __init__(self, service: Service, *, shared: bool) -> None:
        self._service = service
        self._shared = shared
        self._values = {"a1": service.app_id, "k1": service.key, "etag": 'W/"none"'}
        self._values["pre"] = f"s{secrets.token_hex(4)[:7]}"
        self._mark = "\u28ff" + "".join(chr(0x2800 + byte) for byte in secrets.token_bytes(6))
        self._names = {service.app_id: "a1"}
        self.made = {"c": 0, "w": 0}

    def play(self, operations: list[Operation]) -> Iterator[tuple[Operation, Optional[str]]]:
        """Yield each operation with how its response differs from the recorded one, or None."""
        for operation in operations:
            recorded, found = operation["real"], self._run(operation)
            yield operation, self._difference(recorded, found)
            wrote = operation["method"] in ("POST", "PUT", "DELETE")
            if wrote and _succeeded(recorded) != _succeeded(found):
                return  # from here on the two have different states
            for kind, count in operation["made"].items():
                while self.made[kind] < count:
                    self._learn(kind, None)

    def _difference(self, recorded: Any, found: Any) -> Optional[str]:
        if recorded["status"] != found["status"]:
            return f"status: recorded {recorded['status']}, now {found['status']}"
        recorded = {**recorded, "headers": {n: recorded["headers"].get(n) for n in HEADERS}}
        aspects = ("headers", "etag", "body", "touched")
        return next(filter(None, (difference(recorded[a], found[a], a) for a in aspects)), None)

    def _run(self, operation: Operation) -> dict[str, Any]:
        method = operation["method"]
        status, headers, body = self._service.send(method, self._raw(operation))
        if status == 429:
            time.sleep(min(float(headers.get("retry-after", 1)), 60))
            status, headers, body = self._service.send(method, self._raw(operation))
        data = _parsed(body)
        record = data.get("data") if status == 201 and isinstance(data, dict) else None
        if isinstance(record, dict) and "idempotent-replayed" not in headers:
            self._learn("w" if "customerAccountId" in record else "c", record.get("id"))
        etag = headers.get("etag")
        if method == "GET" and etag:
            self._values["etag"] = etag
        if self._shared:
            data = self._own(data)
        return {
            "status": status,
            "headers": {name: _comparable(name, headers.get(name)) for name in HEADERS},
            "etag": etag == _etag(body) if etag and body else None,
            "body": self._named(data),
            "touched": _touched(data),
        }

    def _raw(self, operation: Operation) -> bytes:
        lines = [self._filled(f"{operation['method']} {operation['target']} HTTP/1.1")]
        for name, value in operation["headers"]:
            sent = self._service.host if name.lower() == "host" else value
            lines.append(self._filled(f"{name}: {sent}"))
        if operation.get("body") is None:
            return b"\r\n".join([*lines, b"", b""])
        body = self._filled(base64.b64decode(operation["body"]).decode("latin-1"))
        if self._shared:
            mark = self._mark.encode("unicode_escape")
            body = EXTERNAL_ID.sub(lambda found: found[1] + mark + b'"', body)
        if operation.get("chunked"):
            return b"\r\n".join([*lines, b"Transfer-Encoding: chunked", b"", _chunked(body)])
        return b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", body])

    def _filled(self, text: str) -> bytes:
        values = {**self._values, **{f"up{n}": v.upper() for n, v in self._values.items()}}
        return PLACEHOLDER.sub(
            lambda found: values.get(found[1].decode(), found[0].decode()).encode("latin-1"),
            text.encode("latin-1"),
        )

    def _learn(self, kind: str, identifier: Optional[str]) -> None:
        name = f"{kind}{self.made[kind]}"
        self.made[kind] += 1
        self._values[name] = identifier or f"missing-{name}"
        if identifier:
            self._names[identifier] = name

    def _own(self, data: Any) -> Any:
        """Return a list without the customers that others have made."""
        if not isinstance(data, dict) or "pagination" not in data:
            return data
        return {**data, "data": [row for row in data["data"] if row["id"] in self._names]}

    def _named(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._named(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._named(item) for item in value]
        if not isinstance(value, str):
            return value
        if INSTANT.match(value):
            return "<instant>"
        return UUID.sub(self._name, MARK.sub("", value))

    def _name(self, found: re.Match[str]) -> str:
        return f"<{self._names.get(found[0].lower(), 'uuid' if found[0] != '0' else '')}>"


def _chunked(body: bytes) -> bytes:
    size = max(1, len(body) // 3 + 1)
    parts = (body[at : at + size] for at in range(0, len(body), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        return f"text of {len(body)} bytes"


def _etag(body: bytes) -> str:
    digest = base64.b64encode(hashlib.sha1(body).digest()).decode().rstrip("=")
    return f'W/"{len(body):x}-{digest}"'


def _comparable(name: str, value: Optional[str]) -> Optional[str]:
    if name == "content-type" and value is not None:
        return value.split(";")[0] if value.startswith("application/json") else value
    return "<uuid>" if value is not None and UUID.fullmatch(value) else value


def _succeeded(response: Any) -> bool:
    return isinstance(response["status"], int) and response["status"] // 100 == 2


def _touched(data: Any) -> list[bool]:
    """Return for each record whether its updatedAt is its createdAt."""
    found, waiting = [], [data]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            instants = item.get("createdAt"), item.get("updatedAt")
            if "metadata" in item and all(isinstance(instant, str) for instant in instants):
                found.append(instants[0] == instants[1])
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item
    return found


def difference(recorded: Any, found: Any, path: str) -> Optional[str]:
    """Return the first place where two responses differ, or None; the order of names counts too."""
    if isinstance(recorded, dict) and isinstance(found, dict):
        return _dict_difference(recorded, found, path)
    if isinstance(recorded, list) and isinstance(found, list):
        if len(recorded) != len(found):
            return f"{path}: recorded {len(recorded)} items, now {len(found)}"
        pairs = enumerate(zip(recorded, found))
        each = (difference(ours, theirs, f"{path}[{at}]") for at, (ours, theirs) in pairs)
        return next(filter(None, each), None)
    if isinstance(recorded, bool) is isinstance(found, bool) and recorded == found:
        return None
    return f"{path}: recorded {json.dumps(recorded)[:90]}, now {json.dumps(found)[:90]}"


def as_recorded(item: dict[str, Any]) -> dict[str, Any]:
    """Return an object without the members that customers have since they were recorded."""
    return {k: v for k, v in item.items() if k not in NEWER} if "appId" in item else item


def _dict_difference(recorded: Any, found: Any, path: str) -> Optional[str]:
    recorded, found = as_recorded(recorded), as_recorded(found)
    if path.endswith("app"):  # another account's app has another name
        recorded, found = ({**app, "name": ""} for app in (recorded, found))
    if set(recorded) != set(found):
        return f"{path}: names {sorted(set(recorded) ^ set(found))}"[:200]
    each = (difference(recorded[name], found[name], f"{path}.{name}") for name in recorded)
    other = next(filter(None, each), None)
    return other or (None if list(recorded) == list(found) else f"{path}: order of names")


def load(path: Path = SEQUENCES) -> list[list[Operation]]:
    """Return the operations of each sequence."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line)["ops"] for line in lines]


def drift(service: Service, sequences: list[list[Operation]]) -> tuple[int, dict[str, list[str]]]:
    """Return how many operations were played, and which differed, by how they differ."""
    played = 0
    causes: dict[str, list[str]] = collections.defaultdict(list)
    for operations in sequences:
        for operation, other in Player(service, shared=True).play(operations):
            played += 1
            # Totals count what others have made.
            if other and not other.startswith("body.pagination.total"):
                causes[other].append(f"{operation['method']} {operation['target'][:100]}")
    return played, dict(causes)


def app_of(service: Service) -> str:
    """Return the app id of the newest customer."""
    head = f"GET /customers?pageSize=1 HTTP/1.1\r\nHost: {service.host}\r\nx-api-key: {service.key}"
    status, _, body = service.send("GET", f"{head}\r\n\r\n".encode())
    rows = json.loads(body).get("data") if status == 200 else None
    if not rows:
        sys.exit(f"No app to create customers in (status {status}). Pass its id with --app.")
    app_id: str = rows[0]["appId"]
    return app_id


def report(service: Service, show: int) -> int:
    """Play everything, print what differs, and return the exit code."""
    played, causes = drift(service, load())
    for cause, where in sorted(causes.items(), key=lambda item: -len(item[1]))[:show]:
        print(f"{len(where)} times {cause} | {where[0]}")
    agreed = played - sum(map(len, causes.values()))
    print(f"{agreed} of {played} operations agree with the recordings ({agreed / played:.2%})")
    return int(agreed < WANTED * played)


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--service", default="", help="base URL; a local sandbox without it")
    parser.add_argument("--app", default="", help="the id of the app to create customers in")
    parser.add_argument("--show", type=int, default=40, help="how many differences to print")
    options = parser.parse_args()
    if not options.service:
        from customers_sdk.sandbox import Sandbox

        with Sandbox() as sandbox:
            own = Service(sandbox.base_url, sandbox.api_key, sandbox.app_id)
            return report(own, options.show)
    key = os.environ.get("NODERAILS_API_KEY", "")
    if not key.startswith("nr_test_sk_"):
        sys.exit("This creates customers: pass a secret test key (make contract KEY=nr_test_sk_…).")
    service = Service(options.service, key, options.app)
    service.app_id = service.app_id or app_of(service)
    creates = sum(o["made"]["c"] for operations in load() for o in operations[-1:])
    print(f"Creating about {creates} customers in app {service.app_id} of {options.service}.")
    print("They stay: the API has no way to delete a customer.", flush=True)
    return report(service, options.show)


if __name__ == "__main__":
    sys.exit(main())
