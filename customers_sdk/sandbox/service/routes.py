"""The six routes: authentication, validation, then the rules of the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from customers_sdk.sandbox.express.exchange import Request, Response
from customers_sdk.sandbox.express.javascript import PrimitiveError, integer_of
from customers_sdk.sandbox.express.jsontext import UnstorableError
from customers_sdk.sandbox.express.query import decode_component, parse_query
from customers_sdk.sandbox.service import answers, columns, rules
from customers_sdk.sandbox.service.store import Duplicate, Store

if TYPE_CHECKING:
    import sqlite3

    from customers_sdk.sandbox.express.paths import Match

_INT32_MAX = 2**31 - 1
_INT64_MAX = 2**63 - 1
_ONE = "/customers/:id"


class Routes:
    """What the service does with a request below ``/customers``.

    `before_write` is called before each row is stored.
    """

    def __init__(self, store: Store, before_write: Callable[[], None]) -> None:
        self._store = store
        self._before_write = before_write
        self._views: dict[tuple[str, str], Callable[..., Response]] = {
            ("POST", "/customers"): self._create,
            ("GET", "/customers"): self._list,
            ("GET", _ONE): self._retrieve,
            ("PUT", _ONE): self._update,
            ("POST", f"{_ONE}/wallets"): self._add_wallet,
            ("DELETE", f"{_ONE}/wallets/:wallet"): self._remove_wallet,
        }

    def respond(self, request: Request, match: Match, body: Any) -> Response:
        """Carry a request out: the key is looked at before the route and before an id is decoded.

        Raises:
            Refusal: the service responds with an error.
        """
        merchant_id = _authenticated(request, self._store)
        try:
            segments = list(map(decode_component, match.segments))
        except ValueError:
            raise answers.internal_error() from None
        method = "GET" if request.method == "HEAD" else request.method
        view = self._views.get((method, match.template))
        if view is None:
            raise answers.no_route()
        given = request.environ.get("QUERY_STRING", "") if method == "GET" else body
        try:
            return view(merchant_id, given, *segments)
        except rules.Invalid as error:
            raise answers.refusal(400, "VALIDATION_ERROR", error.message, error.issues) from None
        except (Duplicate, UnstorableError, PrimitiveError):
            raise answers.internal_error() from None

    def _create(self, merchant_id: str, body: Any) -> Response:
        fields = rules.creation(body)
        app_id = fields["appId"]
        app = self._store.app(app_id)
        if app is None:
            raise answers.not_found("App", app_id)
        if app["merchant_id"] != merchant_id:
            raise _forbidden()
        self._before_write()
        return answers.data_response(201, self._store.create(app_id, columns.stored(fields)))

    def _list(self, merchant_id: str, query: str) -> Response:
        wanted = rules.listing(parse_query(query))
        page, size = integer_of(wanted["page"]), integer_of(wanted["pageSize"])
        search = columns.text(wanted.get("search", ""))
        if (page - 1) * size > _INT64_MAX:
            raise answers.internal_error()
        found, total = self._store.page(merchant_id, wanted.get("appId"), search, page, size)
        counts = f'"total":{total},"page":{page},"pageSize":{size},"totalPages":{-(-total // size)}'
        return answers.data_response(200, found, f',"pagination":{{{counts}}}')

    def _retrieve(self, merchant_id: str, _: str, customer_id: str) -> Response:
        found = self._store.detail(columns.text(customer_id))
        _check_owner(found and found[0], merchant_id, customer_id)
        return answers.data_response(200, found[1] if found else "")

    def _update(self, merchant_id: str, body: Any, customer_id: str) -> Response:
        fields = rules.change(body)
        self._owned(merchant_id, customer_id)
        self._before_write()
        return answers.data_response(200, self._store.update(customer_id, columns.stored(fields)))

    def _add_wallet(self, merchant_id: str, body: Any, customer_id: str) -> Response:
        fields = rules.wallet(body)
        self._owned(merchant_id, customer_id)
        chain = self._enabled_chain(fields["chainId"])
        try:
            address = rules.normalised_address(chain["family"], fields["walletAddress"])
        except ValueError as error:
            raise _bad_input(str(error)) from None
        self._before_write()
        wallet_id = self._store.add_wallet(customer_id, chain["chain_id"], address)
        return answers.data_response(201, self._store.wallet(wallet_id))

    def _remove_wallet(self, merchant_id: str, _: Any, customer_id: str, wallet: str) -> Response:
        self._owned(merchant_id, customer_id)
        wallet_id = columns.text(wallet)
        self._before_write()
        if not self._store.remove_wallet(customer_id, wallet_id):
            raise answers.not_found("CustomerWallet", wallet_id)
        return Response(204)

    def _owned(self, merchant_id: str, customer_id: str) -> None:
        owner = self._store.owner_of(columns.text(customer_id))
        _check_owner(owner, merchant_id, customer_id)

    def _enabled_chain(self, chain_id: float) -> sqlite3.Row:
        number = integer_of(chain_id)
        if number > _INT32_MAX:
            raise answers.internal_error()
        chain = self._store.chain(number)
        if chain is None or not chain["enabled"]:
            raise _bad_input(f"Chain {number} is not supported")
        return chain


def _check_owner(owner: str | None, merchant_id: str, customer_id: str) -> None:
    if owner is None:
        raise answers.not_found("CustomerAccount", customer_id)
    if owner != merchant_id:
        raise _forbidden()


def authenticates(request: Request) -> bool:
    """Tell whether the request gets as far as having its API key looked up."""
    return bool(request.header("X_API_KEY")) and not _has_token(request)


def _has_token(request: Request) -> bool:
    return request.header("AUTHORIZATION").startswith("Bearer ")


def _authenticated(request: Request, store: Store) -> str:
    if _has_token(request):
        raise _unauthenticated("Invalid or expired token")
    key = request.header("X_API_KEY")
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
