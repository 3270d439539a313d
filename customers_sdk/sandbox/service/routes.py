"""The six routes: authentication, validation, then the rules of the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from customers_sdk.sandbox.express.exchange import Request, Response
from customers_sdk.sandbox.express.javascript import PrimitiveError, integer_of
from customers_sdk.sandbox.express.jsontext import UnstorableError
from customers_sdk.sandbox.express.query import decode_component, parse_query
from customers_sdk.sandbox.service import columns, rules
from customers_sdk.sandbox.service.answers import Refusal, data_response, internal_error
from customers_sdk.sandbox.service.store import Duplicate, Store

if TYPE_CHECKING:
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

    def respond(self, request: Request, match: Match | None, body: Any) -> Response:
        """Carry a request out: the key is looked at before the route and before an id is decoded.

        Raises:
            Refusal: the service responds with an error.
        """
        if match is None:
            raise Refusal(404, "Route not found")
        merchant_id = _authenticated(request, self._store)
        try:
            segments = list(map(decode_component, match.segments))
        except ValueError:
            raise internal_error() from None
        method = "GET" if request.method == "HEAD" else request.method
        view = self._views.get((method, match.template))
        if view is None:
            raise Refusal(404, "Route not found")
        given = request.environ.get("QUERY_STRING", "") if method == "GET" else body
        try:
            return view(merchant_id, given, *segments)
        except (Duplicate, UnstorableError, PrimitiveError):
            raise internal_error() from None

    def _create(self, merchant_id: str, body: Any) -> Response:
        fields = rules.creation(body)
        app_id = fields["appId"]
        app = self._store.app(app_id)
        _check_owner(app["merchant_id"] if app else None, merchant_id, "App", app_id)
        self._before_write()
        return data_response(201, self._store.create(app_id, columns.stored(fields)))

    def _list(self, merchant_id: str, query: str) -> Response:
        wanted = rules.listing(parse_query(query))
        page, size = integer_of(wanted["page"]), integer_of(wanted["pageSize"])
        search = columns.text(wanted.get("search", ""))
        if (page - 1) * size > _INT64_MAX:
            raise UnstorableError("an offset of more than 64 bits")
        found, total = self._store.page(merchant_id, wanted.get("appId"), search, page, size)
        counts = f'"total":{total},"page":{page},"pageSize":{size},"totalPages":{-(-total // size)}'
        return data_response(200, found, f',"pagination":{{{counts}}}')

    def _retrieve(self, merchant_id: str, _: str, customer_id: str) -> Response:
        owner, shown = self._store.detail(columns.text(customer_id)) or (None, "")
        _check_owner(owner, merchant_id, "CustomerAccount", customer_id)
        return data_response(200, shown)

    def _update(self, merchant_id: str, body: Any, customer_id: str) -> Response:
        fields = rules.change(body)
        self._owned(merchant_id, customer_id)
        self._before_write()
        return data_response(200, self._store.update(customer_id, columns.stored(fields)))

    def _add_wallet(self, merchant_id: str, body: Any, customer_id: str) -> Response:
        fields = rules.wallet(body)
        self._owned(merchant_id, customer_id)
        chain_id = integer_of(fields["chainId"])
        if chain_id > _INT32_MAX:
            raise UnstorableError("a chain of more than 32 bits")
        chain = self._store.chain(chain_id)
        if chain is None or not chain["enabled"]:
            raise Refusal(400, f"Chain {chain_id} is not supported")
        try:
            address = rules.normalised_address(chain["family"], fields["walletAddress"])
        except ValueError as error:
            raise Refusal(400, str(error)) from None
        self._before_write()
        return data_response(201, self._store.add_wallet(customer_id, chain, address))

    def _remove_wallet(self, merchant_id: str, _: Any, customer_id: str, wallet: str) -> Response:
        self._owned(merchant_id, customer_id)
        wallet_id = columns.text(wallet)
        self._before_write()
        if not self._store.remove_wallet(customer_id, wallet_id):
            raise Refusal(404, f"CustomerWallet with id {wallet_id} not found")
        return Response(204)

    def _owned(self, merchant_id: str, customer_id: str) -> None:
        owner = self._store.owner_of(columns.text(customer_id))
        _check_owner(owner, merchant_id, "CustomerAccount", customer_id)


def _check_owner(owner: str | None, merchant_id: str, kind: str, identifier: str) -> None:
    if owner is None:
        raise Refusal(404, f"{kind} with id {identifier} not found")
    if owner != merchant_id:
        raise Refusal(403, "Access denied")


def authenticates(request: Request) -> bool:
    """Tell whether the request gets as far as having its API key looked up."""
    return bool(request.header("X_API_KEY")) and not _has_token(request)


def _has_token(request: Request) -> bool:
    return request.header("AUTHORIZATION").startswith("Bearer ")


def _authenticated(request: Request, store: Store) -> str:
    if _has_token(request):
        raise Refusal(401, "Invalid or expired token")
    key = request.header("X_API_KEY")
    if not key:
        raise Refusal(401, "Missing authentication: provide Bearer token or x-api-key header")
    row = store.api_key(key)
    if row is None or not row["active"]:
        raise Refusal(401, "Invalid or inactive API key")
    if row["expires_at"] is not None and row["expires_at"] <= store.now():
        raise Refusal(401, "API key has expired")
    if row["suspended_reason"] is not None and request.method not in ("GET", "HEAD"):
        raise Refusal(
            403,
            "Your organization has been suspended. You currently have read-only access."
            f" Reason: {row['suspended_reason']}. Please reach out to help@noderails.com.",
        )
    merchant_id: str = row["merchant_id"]
    return merchant_id
