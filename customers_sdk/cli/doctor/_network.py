"""What the doctor sees of the way to the service: proxy, DNS, connection, TLS."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import os
import socket
import ssl
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests

from customers_sdk._http.session import PROXY_FORM
from customers_sdk._settings import is_loopback
from customers_sdk.cli._exit import Exit
from customers_sdk.cli.doctor._finding import Finding, State, good, note, wrong

_PATIENCE = 5.0  # seconds, as the client's own for connecting
_PORTS = {"http": 80, "https": 443}
_DAY = 86_400
_SOON = 14  # days
_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")
_FIX_PROXY = "Fix HTTPS_PROXY or HTTP_PROXY, or name this host in NO_PROXY."
_FIX_NAME = (
    "Check the name in NODERAILS_BASE_URL, and whether this machine can resolve names at all; "
    "behind a proxy, set HTTPS_PROXY."
)
_UNTRUSTED = (
    "Often a proxy that looks into TLS, or a certificate of your own: ask for the CA's "
    "certificate, and name its file in REQUESTS_CA_BUNDLE."
)
# What to do about a certificate, by OpenSSL's X509_V_ERR numbers.
_ADVICE = {
    9: "Check this machine's clock.",
    10: "Check this machine's clock; if it is right, the server's certificate has to be renewed.",
    **dict.fromkeys((18, 19, 20, 21), _UNTRUSTED),
    62: "Check the host in NODERAILS_BASE_URL: another server responds under this name.",
    64: "Use the server's name in NODERAILS_BASE_URL, not its address.",
}


class Network:
    """The way to a base URL, as `requests` would take it from this environment."""

    def __init__(self, base_url: str) -> None:
        self._url = urlsplit(base_url)
        self._host = str(self._url.hostname)
        self._port = _port_of(self._url)
        # What is connected to: the proxy if there is one.
        self._next = (self._host, self._port)
        self._proxy: SplitResult | None = None
        with requests.Session() as session:
            settled = session.merge_environment_settings(base_url, {}, False, None, None)  # noqa: FBT003
        self._bundle = settled["verify"] if isinstance(settled["verify"], str) else None
        self._proxy_url = requests.utils.select_proxy(base_url, settled["proxies"])
        if self._url.scheme == "http" and is_loopback(self._host):
            self._proxy_url = None  # as the client does

    def findings(self) -> Iterator[Finding]:
        """Go the way step by step, as far as it leads."""
        for step in (self._proxies, self._names, self._connection, self._tls):
            finding = step()
            yield finding
            if finding.state is State.WRONG:
                return

    def _proxies(self) -> Finding:
        url = self._proxy_url
        if url is None:
            named = sorted(name for name in os.environ if name.lower() in _VARIABLES)
            named = [name for name in named if os.environ[name]]
            but = f" although {', '.join(named)} is set" if named else ""
            return good("proxy", f"None for {self._host}{but}: the connection is made directly.")
        try:
            proxy = self._proxy = urlsplit(url if "//" in url else f"//{url}", scheme="http")
            self._next = (proxy.hostname or "", _port_of(proxy))
        except ValueError:  # brackets, such as in a password, or a port that is not a number
            self._next = ("", 0)
        if not self._next[0]:
            found = "The proxy in the environment cannot be read."
            return wrong("proxy", found, f"Write it as {PROXY_FORM}.")
        secret, _, where = proxy.netloc.rpartition("@")
        shown = f"{proxy.scheme}://{'***@' if secret else ''}{where}"
        if proxy.scheme.startswith("socks") and find_spec("socks") is None:
            found = f"{shown} is a SOCKS proxy, which needs PySocks."
            return wrong("proxy", found, "Run: pip install 'requests[socks]'")
        return good("proxy", f"Requests to {self._host} go through {shown} (environment).")

    def _names(self) -> Finding:
        host, port = self._next
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not a name"
            text = f"The name {host} cannot be resolved: {reason}."
            advice = _FIX_PROXY if self._proxy else _FIX_NAME
            return wrong("DNS", text, advice, code=Exit.UNREACHABLE)
        with contextlib.suppress(ValueError):
            ipaddress.ip_address(host)
            return good("DNS", f"{host} is an address, so there is nothing to resolve.")
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        return good("DNS", f"{host} is {', '.join(addresses[:4])}.")

    def _connection(self) -> Finding:
        host, port = self._next
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
        return wrong("connection", found, advice, code=Exit.UNREACHABLE)

    def _tls(self) -> Finding:
        if self._url.scheme == "http":
            if is_loopback(self._host):
                return good("TLS", "None: plain http on this machine.")
            return note("TLS", "None: plain http.")
        if self._proxy is not None and self._proxy.scheme != "http":
            return note("TLS", f"Not checked: the proxy's scheme is {self._proxy.scheme}.")
        if self._bundle and not Path(self._bundle).exists():
            found = f"There is no CA bundle at {self._bundle}."
            return wrong("TLS", found, "Fix REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE, or unset it.")
        bundle = self._bundle or requests.utils.DEFAULT_CA_BUNDLE_PATH
        trusted: dict[str, Any] = {"capath" if Path(bundle).is_dir() else "cafile": bundle}
        try:
            context = ssl.create_default_context(**trusted)
        except OSError:
            found = f"The CA bundle at {self._bundle} cannot be read."
            return wrong("TLS", found, "It must be a file of certificates in PEM form.")
        return self._handshake(context)

    def _handshake(self, context: ssl.SSLContext) -> Finding:
        connection = http.client.HTTPConnection(*self._next, timeout=_PATIENCE)
        if self._proxy is not None:
            headers = requests.adapters.HTTPAdapter().proxy_headers(self._proxy.geturl())
            connection.set_tunnel(self._host, self._port, headers)
        with contextlib.closing(connection):
            try:
                connection.connect()
            except (OSError, http.client.HTTPException) as error:
                return self._no_handshake(error) if self._proxy is None else self._no_tunnel(error)
            try:
                with context.wrap_socket(connection.sock, server_hostname=self._host) as secure:
                    return self._certificate(secure)
            except ssl.SSLCertVerificationError as error:
                return self._bad_certificate(error)
            except OSError as error:
                return self._no_handshake(error)

    def _no_tunnel(self, error: Exception) -> Finding:
        reason = str(error) or type(error).__name__
        advice = f"Ask the proxy's operator to let {self._host} through, or fix the proxy's URL."
        if " 407 " in f" {reason} ":
            advice = "Put the right user name and password into the proxy's URL."
        found = f"The proxy does not connect to {self._host}: {reason}."
        return wrong("proxy", found, advice, code=Exit.UNREACHABLE)

    def _no_handshake(self, error: Exception) -> Finding:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None)
        if isinstance(error, socket.timeout):
            reason = "no response in time"
        found = f"{self._host} does not complete a TLS handshake: {reason or type(error).__name__}."
        advice = (
            f"What listens on port {self._port} may not speak TLS, or something between breaks it: "
            "check the scheme and the port in NODERAILS_BASE_URL."
        )
        return wrong("TLS", found, advice, code=Exit.UNREACHABLE)

    def _certificate(self, secure: ssl.SSLSocket) -> Finding:
        """A handshake that succeeded, and for how long its certificate will do."""
        certificate: dict[str, Any] = secure.getpeercert() or {}
        issuer = dict(pair for part in certificate.get("issuer", ()) for pair in part)
        by = issuer.get("organizationName") or issuer.get("commonName") or "an unnamed issuer"
        until = str(certificate.get("notAfter", ""))
        days = (ssl.cert_time_to_seconds(until) - time.time()) / _DAY if until else _SOON
        against = f", checked against {self._bundle}" if self._bundle else ""
        found = (
            f"{secure.version()}; the certificate by {by} is good until {until}, "
            f"for {days:.0f} days{against}."
        )
        if days < _SOON:
            return note("TLS", found, "Its operator should renew it.")
        return good("TLS", found)

    def _bad_certificate(self, error: ssl.SSLCertVerificationError) -> Finding:
        against = f" (checked against {self._bundle})" if self._bundle else ""
        reason = error.verify_message.rstrip(".")
        found = f"The certificate of {self._host} fails: {reason}{against}."
        advice = _ADVICE.get(error.verify_code, "Ask the operator of the server. " + _UNTRUSTED)
        return wrong("TLS", found, advice, code=Exit.UNREACHABLE)


def _port_of(url: SplitResult) -> int:
    return url.port or _PORTS.get(url.scheme, 1080 if url.scheme.startswith("socks") else 80)
