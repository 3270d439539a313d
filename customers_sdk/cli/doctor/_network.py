"""What the doctor sees of the way to the service: proxy, DNS, connection, TLS."""

from __future__ import annotations

import http.client
import ipaddress
import os
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import requests
from requests.auth import _basic_auth_str

from customers_sdk._http.session import PROXY_FORM
from customers_sdk._settings import is_loopback
from customers_sdk.cli._exit import Exit
from customers_sdk.cli.doctor import _certificate
from customers_sdk.cli.doctor._finding import Finding, State, good, note, wrong

_PATIENCE = 5.0  # seconds, as the client's own for connecting
_PORTS = {"http": 80, "https": 443}


class Network:
    """The way to a base URL, as `requests` would take it from this environment.

    Args:
        base_url: the service.
    """

    def __init__(self, base_url: str) -> None:
        self._url = urlsplit(base_url)
        self._host = str(self._url.hostname)
        self._port = _port_of(self._url)
        with requests.Session() as session:
            settled = session.merge_environment_settings(base_url, {}, False, None, None)  # noqa: FBT003
        verify = settled["verify"]
        self._bundle = verify if isinstance(verify, str) else None
        self._proxy: SplitResult | None = None
        self._readable = True
        if self._url.scheme == "http" and is_loopback(self._host):
            return  # as the client does
        proxy = requests.utils.select_proxy(base_url, settled["proxies"])
        if proxy is not None:
            try:
                self._proxy = urlsplit(proxy if "//" in proxy else f"//{proxy}")
            except ValueError:  # brackets, such as in a password
                self._readable = False

    def findings(self) -> Iterator[Finding]:
        """Go the way step by step, as far as it leads."""
        for step in (self._proxies, self._names, self._connection, self._tls):
            finding = step()
            yield finding
            if finding.state is State.WRONG:
                return

    def _next(self) -> tuple[str, int]:
        """The machine that is connected to: the proxy if there is one."""
        if self._proxy is None:
            return self._host, self._port
        return str(self._proxy.hostname), _port_of(self._proxy)

    def _proxies(self) -> Finding:
        proxy = self._proxy
        if not self._readable:
            return _unreadable()
        if proxy is None:
            named = [name for name in os.environ if name.lower() in _VARIABLES and os.environ[name]]
            but = f" although {', '.join(sorted(named))} is set" if named else ""
            return good("proxy", f"None for {self._host}{but}: the connection is made directly.")
        try:
            shown = f"{proxy.scheme or 'http'}://{_bare(proxy)}"
            right = bool(proxy.hostname and _port_of(proxy))
        except ValueError:
            shown, right = "", False
        if not right:
            return _unreadable()
        if proxy.scheme.startswith("socks") and not _has_socks():
            return wrong(
                "proxy",
                f"{shown} is a SOCKS proxy, which needs PySocks.",
                "Run: pip install 'requests[socks]'",
                Exit.USAGE,
            )
        return good("proxy", f"Requests to {self._host} go through {shown} (environment).")

    def _names(self) -> Finding:
        host, port = self._next()
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not a name"
            advice = (
                _FIX_PROXY
                if self._proxy
                else "Check the name in NODERAILS_BASE_URL, and whether this machine can resolve "
                "names at all; behind a proxy, set HTTPS_PROXY."
            )
            text = f"The name {host} cannot be resolved: {reason}."
            return wrong("DNS", text, advice, Exit.UNREACHABLE)
        if _is_address(host):
            return good("DNS", f"{host} is an address, so there is nothing to resolve.")
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        return good("DNS", f"{host} is {', '.join(addresses[:4])}.")

    def _connection(self) -> Finding:
        host, port = self._next()
        started = time.monotonic()
        try:
            socket.create_connection((host, port), _PATIENCE).close()
        except OSError as error:
            return self._no_connection(error, f"{host} port {port}")
        took = (time.monotonic() - started) * 1000
        return good("connection", f"{host} port {port} accepts connections ({took:.0f} ms).")

    def _no_connection(self, error: OSError, where: str) -> Finding:
        if isinstance(error, ConnectionRefusedError):
            found = f"{where} refuses connections: nothing listens there, or a firewall refuses."
        elif isinstance(error, socket.timeout):
            found = f"{where} does not respond within {_PATIENCE:g} s: often a firewall."
        else:
            found = f"{where} cannot be reached: {error.strerror or type(error).__name__}."
        if self._proxy is not None:
            advice = "That is the proxy. " + _FIX_PROXY
        elif is_loopback(self._host):
            advice = 'Is the service on this machine running? "customers sandbox" starts one.'
        else:
            advice = "Check host and port, and ask whether outgoing connections need a proxy."
        return wrong("connection", found, advice, Exit.UNREACHABLE)

    def _tls(self) -> Finding:
        if self._url.scheme == "http":
            if is_loopback(self._host):
                return good("TLS", "None: plain http on this machine.")
            return note("TLS", "None: plain http.")
        if self._proxy is not None and self._proxy.scheme not in ("", "http"):
            return note("TLS", f"Not checked: the proxy's scheme is {self._proxy.scheme}.")
        if self._bundle and not Path(self._bundle).exists():
            return wrong(
                "TLS",
                f"There is no CA bundle at {self._bundle}.",
                "Fix REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE, or unset it.",
                Exit.USAGE,
            )
        try:
            context = _certificate.context(self._bundle)
        except (OSError, ssl.SSLError):
            return wrong(
                "TLS",
                f"The CA bundle at {self._bundle} cannot be read.",
                "It must be a file of certificates in PEM form.",
                Exit.USAGE,
            )
        return self._handshake(context)

    def _handshake(self, context: ssl.SSLContext) -> Finding:
        try:
            with (
                closing(self._open()) as plain,
                context.wrap_socket(plain, server_hostname=self._host) as secure,
            ):
                return _certificate.good_one(secure, self._bundle)
        except ssl.SSLCertVerificationError as error:
            return _certificate.bad_one(error, self._host, self._bundle)
        except _TunnelError as error:
            return self._refused_tunnel(str(error))
        except OSError as error:
            return _certificate.no_handshake(error, self._host, self._port)

    def _refused_tunnel(self, reason: str) -> Finding:
        advice = f"Ask the proxy's operator to let {self._host} through, or fix the proxy's URL."
        if " 407 " in f" {reason} ":
            advice = "Put the right user name and password into the proxy's URL."
        found = f"The proxy does not connect to {self._host}: {reason}."
        return wrong("proxy", found, advice, Exit.UNREACHABLE)

    def _open(self) -> socket.socket:
        """A connection to the service's own port, through the proxy if there is one."""
        if self._proxy is None:
            return socket.create_connection((self._host, self._port), _PATIENCE)
        connection = http.client.HTTPConnection(*self._next(), timeout=_PATIENCE)
        connection.set_tunnel(self._host, self._port, _credentials(self._proxy))
        try:
            connection.connect()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise _TunnelError(str(error) or type(error).__name__) from None
        found: socket.socket = connection.sock
        return found


class _TunnelError(Exception):
    """A proxy that makes no tunnel."""


_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")
_FIX_PROXY = "Fix HTTPS_PROXY or HTTP_PROXY, or name this host in NO_PROXY."


def _unreadable() -> Finding:
    found = "The proxy in the environment cannot be read."
    return wrong("proxy", found, f"Write it as {PROXY_FORM}.", Exit.USAGE)


def _port_of(url: SplitResult) -> int:
    return url.port or _PORTS.get(url.scheme, 1080 if url.scheme.startswith("socks") else 80)


def _bare(url: SplitResult) -> str:
    """Host and port of a URL, with stars for name and password."""
    secret, at, where = url.netloc.rpartition("@")
    return f"***{at}{where}" if secret else where


def _credentials(proxy: SplitResult) -> dict[str, Any]:
    if proxy.username is None:
        return {}
    basic = _basic_auth_str(unquote(proxy.username), unquote(proxy.password or ""))
    return {"Proxy-Authorization": basic}


def _has_socks() -> bool:
    from importlib.util import find_spec

    return find_spec("socks") is not None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
