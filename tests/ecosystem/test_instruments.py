"""Instruments see every try, and neither a span nor an event holds the key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from customers_sdk import NotFoundError, ServerError
from tests.ecosystem.conftest import KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from customers_sdk.sandbox import Sandbox


@pytest.fixture
def spans() -> Iterator[Any]:
    """Instrument `requests`; returns what was exported, and takes options of the instrumentor."""
    reason = "the extra 'doubles' brings it"
    instrumentation = pytest.importorskip("opentelemetry.instrumentation.requests", reason=reason)
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = instrumentation.RequestsInstrumentor()

    def begin(**options: Any) -> Callable[[], list[Any]]:
        instrumentor.instrument(tracer_provider=provider, **options)
        return lambda: [json.loads(span.to_json()) for span in exporter.get_finished_spans()]

    yield begin
    instrumentor.uninstrument()
    provider.shutdown()


def test_opentelemetry_sees_every_try(spans: Any, service: Sandbox) -> None:
    exported = spans()
    service.fail_next(503, method="GET", retry_after=0)
    with service.client() as client:
        client.customers.list_page(search="ada@example.com")
    statuses = [span["attributes"]["http.status_code"] for span in exported()]
    assert statuses == [503, 200]
    assert KEY not in json.dumps(exported())
    # The URL is the instrument's, and a search term may name a person.
    assert "ada%40example.com" in json.dumps(exported())


def test_opentelemetry_can_be_told_to_leave_out_queries(spans: Any, service: Sandbox) -> None:
    def strip(span: Any, request: Any) -> None:
        span.set_attribute("http.url", urlsplit(request.url)._replace(query="").geturl())

    exported = spans(request_hook=strip)
    with service.client() as client:
        client.customers.list_page(search="ada@example.com")
    assert "/customers" in json.dumps(exported())
    assert "ada" not in json.dumps(exported())


@pytest.fixture
def sentry() -> Iterator[Any]:
    """Start Sentry with options; returns it, and the envelopes that would leave the process."""
    sentry_sdk = pytest.importorskip("sentry_sdk", reason="the extra 'doubles' brings it")
    from sentry_sdk.transport import Transport

    sent: list[str] = []

    class Kept(Transport):
        def capture_envelope(self, envelope: Any) -> None:
            sent.append(envelope.serialize().decode())

    def begin(**options: Any) -> tuple[Any, Callable[[], str]]:
        sentry_sdk.init(
            "http://key@sentry.invalid/1",
            transport=Kept,
            traces_sample_rate=1.0,
            auto_enabling_integrations=False,  # the sandbox is an application of Flask
            **options,
        )
        return sentry_sdk, lambda: "".join(sent)

    yield begin
    sentry_sdk.init()


def sign_up(sentry_sdk: Any, service: Sandbox) -> None:
    with (
        sentry_sdk.isolation_scope(),
        sentry_sdk.start_transaction(name="sign up"),
        service.client(max_retries=0) as client,
    ):
        client.customers.list_page(search="ada@example.com")
        service.fail_next(500)
        with pytest.raises(ServerError) as failed:
            client.customers.create(name="Ada")
        with pytest.raises(NotFoundError) as missing:
            client.customers.retrieve("c-1")
        sentry_sdk.capture_exception(failed.value)
        sentry_sdk.capture_exception(missing.value)


def test_sentry_reports_errors_without_the_key(sentry: Any, service: Sandbox) -> None:
    sentry_sdk, told = sentry()
    sign_up(sentry_sdk, service)
    assert "ServerError" in told()
    assert "NotFoundError" in told()
    assert '"op":"http.client"' in told()
    assert KEY not in told()
    # Its breadcrumbs and spans hold the query.
    assert "ada%40example.com" in told()


def test_sentry_can_be_told_to_leave_out_queries(sentry: Any, service: Sandbox) -> None:
    def strip(crumb: dict[str, Any], _: Any) -> dict[str, Any]:
        crumb.get("data", {}).pop("http.query", None)
        return crumb

    def strip_spans(event: dict[str, Any], _: Any) -> dict[str, Any]:
        for span in event["spans"]:
            span["data"].pop("http.query", None)
        return event

    sentry_sdk, told = sentry(before_breadcrumb=strip, before_send_transaction=strip_spans)
    sign_up(sentry_sdk, service)
    assert '"op":"http.client"' in told()
    assert "ada%40example.com" not in told()
