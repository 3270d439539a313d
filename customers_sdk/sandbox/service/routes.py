"""The six routes: authentication, validation, then the rules of the service."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Callable

from flask import Flask, Response, g, request

from customers_sdk.sandbox.express.javascript import holds_nul, integer_of
from customers_sdk.sandbox.express.query import decode_component, parse_query
from customers_sdk.sandbox.service import answers, rules
from customers_sdk.sandbox.service.store import Duplicate, Store

if TYPE_CHECKING:
    import sqlite3

_INT32_MAX = 2**31 - 1
_INT64_MAX = 2**63 - 1


def register_routes(app: Flask, store: Store, before_write: Callable[[], None]) -> None:
    """Adds the six routes to `app`; `before_write` is called before each row is stored."""
    routes = _Routes(store, before_write)
    one = "/customers/<customer_id>"
    for method, rule, view in (
        ("POST", "/customers", routes.create),
        ("GET", "/customers", routes.list),
        ("GET", one, routes.retrieve),
        ("PUT", one, routes.update),
        ("POST", f"{one}/wallets", routes.add_wallet),
        ("DELETE", f"{one}/wallets/<wallet_id>", routes.remove_wallet),
    ):
        app.add_url_rule(
            rule,
            view.__name__,
            _guarded(store, view),
            methods=[method],
            provide_automatic_options=False,
        )


def _guarded(store: Store, view: Callable[..., Response]) -> Callable[..., Response]:
    @wraps(view)
    def run(**segments: str) -> Response:
        try:
            decoded = {name: decode_component(segment) for name, segment in segments.items()}
        except ValueError:
            raise answers.internal_error() from None
        merchant_id = _authenticated(store)
        try:
            return view(merchant_id, **decoded)
        except rules.Invalid as error:
            raise answers.refusal(400, "VALIDATION_ERROR", error.message, error.issues) from None
        except Duplicate:
            raise answers.internal_error() from None

    return run


def _authenticated(store: Store) -> str:
    if request.headers.get("Authorization", "").startswith("Bearer "):
        raise _unauthenticated("Invalid or expired token")
    key = request.headers.get("x-api-key")
    if not key:
        raise _unauthenticated("Missing authentication: provide Bearer token or x-api-key header")
    row = store.api_key(key)
    if row is None or not row["active"]:
        raise _unauthenticated("Invalid or inactive API key")
    if row["expires_at"] is not None and row["expires_at"] <= store.now():
        raise _unauthenticated("API key has expired")
    if row["suspended_reason"] is not None and request.method not in ("GET", "HEAD"):
        raise _forbidden(
            "Your organization has been suspended. You currently have read-only access."
            f" Reason: {row['suspended_reason']}. Please reach out to help@noderails.com."
        )
    merchant_id: str = row["merchant_id"]
    return merchant_id


def _unauthenticated(message: str) -> answers.Refusal:
    return answers.refusal(401, "AUTHENTICATION_ERROR", message)


def _forbidden(message: str = "Access denied") -> answers.Refusal:
    return answers.refusal(403, "AUTHORIZATION_ERROR", message)


def _bad_input(message: str) -> answers.Refusal:
    return answers.refusal(400, "VALIDATION_ERROR", message)


def _refuse_nul(value: Any) -> None:
    if holds_nul(value):
        raise answers.internal_error()


class _Routes:
    def __init__(self, store: Store, before_write: Callable[[], None]) -> None:
        self._store = store
        self._before_write = before_write

    def create(self, merchant_id: str) -> Response:
        fields = rules.creation(g.body)
        app_id = fields["appId"]
        app = self._store.app(app_id)
        if app is None:
            raise answers.not_found("App", app_id)
        if app["merchant_id"] != merchant_id:
            raise _forbidden()
        self._before_write()
        _refuse_nul(fields)
        customer_id = self._store.create_customer(app_id, fields)
        return answers.data_answer(201, self._store.customer_shape(customer_id))

    def list(self, merchant_id: str) -> Response:
        query = rules.listing(parse_query(request.environ.get("QUERY_STRING", "")))
        page, size = integer_of(query["page"]), integer_of(query["pageSize"])
        _refuse_nul(query.get("search"))
        if (page - 1) * size > _INT64_MAX:
            raise answers.internal_error()
        found, total = self._store.page(
            merchant_id, query.get("appId"), query.get("search"), page, size
        )
        counts = {"total": total, "page": page, "pageSize": size, "totalPages": -(-total // size)}
        return answers.data_answer(200, found, pagination=counts)

    def retrieve(self, merchant_id: str, customer_id: str) -> Response:
        self._owned(merchant_id, customer_id)
        return answers.data_answer(200, self._store.detail_shape(customer_id))

    def update(self, merchant_id: str, customer_id: str) -> Response:
        fields = rules.change(g.body)
        self._owned(merchant_id, customer_id)
        self._before_write()
        _refuse_nul(fields)
        self._store.update_customer(customer_id, fields)
        return answers.data_answer(200, self._store.customer_shape(customer_id))

    def add_wallet(self, merchant_id: str, customer_id: str) -> Response:
        fields = rules.wallet(g.body)
        self._owned(merchant_id, customer_id)
        chain = self._enabled_chain(fields["chainId"])
        try:
            address = rules.normalised_address(chain["family"], fields["walletAddress"])
        except ValueError as error:
            raise _bad_input(str(error)) from None
        self._before_write()
        wallet_id = self._store.add_wallet(customer_id, chain["chain_id"], address)
        return answers.data_answer(201, self._store.wallet_shape(wallet_id))

    def remove_wallet(self, merchant_id: str, customer_id: str, wallet_id: str) -> Response:
        self._owned(merchant_id, customer_id)
        _refuse_nul(wallet_id)
        self._before_write()
        if not self._store.remove_wallet(customer_id, wallet_id):
            raise answers.not_found("CustomerWallet", wallet_id)
        return answers.empty_answer(204)

    def _owned(self, merchant_id: str, customer_id: str) -> None:
        _refuse_nul(customer_id)
        row = self._store.customer(customer_id)
        if row is None:
            raise answers.not_found("CustomerAccount", customer_id)
        if row["merchant_id"] != merchant_id:
            raise _forbidden()

    def _enabled_chain(self, chain_id: float) -> sqlite3.Row:
        number = integer_of(chain_id)
        if number > _INT32_MAX:
            raise answers.internal_error()
        chain = self._store.chain(number)
        if chain is None or not chain["enabled"]:
            raise _bad_input(f"Chain {number} is not supported")
        return chain
