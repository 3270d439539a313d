"""Random JSON as the service may answer it, for property-based tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from tests.doubles import detail, invoice
from tools.contract import NEWER

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    # A JavaScript service writes those between as integers.
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: not 2**53 < abs(x) < 1e21)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
OBJECT = st.dictionaries(st.text(max_size=6), JSON, max_size=3)
TEXT = st.text(max_size=12)
INSTANTS = st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)).map(  # noqa: DTZ001
    lambda moment: moment.isoformat(timespec="milliseconds") + "Z"
)
MONEY = st.decimals(allow_nan=False, allow_infinity=False, places=2).map(lambda d: format(d, "f"))


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def objects(members: dict[str, Any], **optional: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with these members and any others beside them, which have other names."""
    fixed = st.fixed_dictionaries(members, optional=optional)
    others = OBJECT.map(lambda more: {k: v for k, v in more.items() if k not in optional})
    return st.builds(lambda more, known: {**more, **known}, others, fixed)


CHAINS = objects({"chainId": st.integers(), "name": TEXT})
WALLETS = objects(
    {
        "id": TEXT,
        "customerAccountId": TEXT,
        "chainId": st.integers(),
        "walletAddress": TEXT,
        "hasActiveAuthorization": st.booleans(),
        "authorizationType": maybe(TEXT),
        "authorizationTxHash": maybe(TEXT),
        "authorizedAt": maybe(INSTANTS),
        "createdAt": INSTANTS,
        "updatedAt": INSTANTS,
    },
    chain=CHAINS,
)
PAYMENTS = objects(
    {
        "id": TEXT,
        "status": TEXT,
        "amount": MONEY,
        "currency": TEXT,
        "cryptoAmount": maybe(st.integers(0, 2**256 - 1).map(str)),
        "cryptoTokenKey": maybe(TEXT),
        "authorizationChainId": maybe(st.integers()),
        "createdAt": INSTANTS,
        "capturedAt": maybe(INSTANTS),
    }
)
NULLABLE = ("externalId", "email", "name", "address", "city", "state", "country", "postalCode")
MEMBERS = {
    "id": TEXT,
    "appId": TEXT,
    **dict.fromkeys((*NULLABLE, *sorted(NEWER)), maybe(TEXT)),
    "metadata": OBJECT,
    "createdAt": INSTANTS,
    "updatedAt": INSTANTS,
    "wallets": st.lists(WALLETS, max_size=2),
}
DETAILS = objects(
    {
        **MEMBERS,
        "app": st.just(detail()["app"]),
        "paymentIntents": st.lists(PAYMENTS, max_size=2),
        "invoices": st.just([invoice()]),
    }
)
