"""What the doctor says of a TLS handshake."""

from __future__ import annotations

import socket
import ssl
import time
from pathlib import Path
from typing import Any

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from customers_sdk.cli._exit import Exit
from customers_sdk.cli.doctor._finding import Finding, good, note, wrong

_DAY = 86_400
_SOON = 14  # days

# By OpenSSL's X509_V_ERR numbers.
_UNTRUSTED = (
    "Often a proxy that looks into TLS, or a certificate of your own: ask for the CA's "
    "certificate, and name its file in REQUESTS_CA_BUNDLE."
)
_ADVICE = {
    9: "Check this machine's clock.",
    10: "Check this machine's clock; if it is right, the server's certificate has to be renewed.",
    18: _UNTRUSTED,
    19: _UNTRUSTED,
    20: _UNTRUSTED,
    21: _UNTRUSTED,
    62: "Check the host in NODERAILS_BASE_URL: another server responds under this name.",
    64: "Use the server's name in NODERAILS_BASE_URL, not its address.",
}


def context(bundle: str | None) -> ssl.SSLContext:
    """What `requests` checks certificates against: a bundle of the environment's, or its own."""
    bundle = bundle or DEFAULT_CA_BUNDLE_PATH
    if Path(bundle).is_dir():
        return ssl.create_default_context(capath=bundle)
    return ssl.create_default_context(cafile=bundle)


def good_one(secure: ssl.SSLSocket, bundle: str | None) -> Finding:
    """A handshake that succeeded, and for how long its certificate will do."""
    certificate: dict[str, Any] = secure.getpeercert() or {}
    issuer = dict(pair for part in certificate.get("issuer", ()) for pair in part)
    by = issuer.get("organizationName") or issuer.get("commonName") or "an unnamed issuer"
    until = str(certificate.get("notAfter", ""))
    days = (ssl.cert_time_to_seconds(until) - time.time()) / _DAY if until else _SOON
    against = f", checked against {bundle}" if bundle else ""
    found = (
        f"{secure.version()}; the certificate by {by} is good until {until}, "
        f"for {days:.0f} days{against}."
    )
    if days < _SOON:
        return note("TLS", found, "Its operator should renew it.")
    return good("TLS", found)


def bad_one(error: ssl.SSLCertVerificationError, host: str, bundle: str | None) -> Finding:
    """A certificate that is not to be trusted."""
    against = f" (checked against {bundle})" if bundle else ""
    advice = _ADVICE.get(error.verify_code, "Ask the operator of the server. " + _UNTRUSTED)
    reason = error.verify_message.rstrip(".")
    found = f"The certificate of {host} fails: {reason}{against}."
    return wrong("TLS", found, advice, Exit.UNREACHABLE)


def no_handshake(error: OSError, host: str, port: int) -> Finding:
    """A handshake that failed for another reason."""
    reason = getattr(error, "reason", None) or error.strerror or type(error).__name__
    if isinstance(error, socket.timeout):
        reason = "no response in time"
    advice = (
        f"What listens on port {port} may not speak TLS, or something between breaks it: check "
        "the scheme and the port in NODERAILS_BASE_URL."
    )
    found = f"{host} does not complete a TLS handshake: {reason}."
    return wrong("TLS", found, advice, Exit.UNREACHABLE)
