"""The package's front: everything is there, and nothing is loaded before it is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import customers_sdk
from tests.doubles import APP, KEY


def run(code: str) -> list[str]:
    root = str(Path(customers_sdk.__file__).parent.parent)
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {root!r})\n{code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


LOADED = "print(*[m for m in ({}) if m in sys.modules])"


def test_importing_the_package_loads_next_to_nothing() -> None:
    heavy = "'requests','urllib3','attr','attrs','cattrs','orjson','json','email','http.client','logging'"  # noqa: E501
    assert run(f"import customers_sdk\n{LOADED.format(heavy)}") == []
    assert run(f"import customers_sdk.errors\n{LOADED.format(heavy)}") == []


def test_a_ready_client_has_loaded_nothing_that_only_some_calls_need() -> None:
    code = f"import customers_sdk\nclient = customers_sdk.Client({KEY!r}, {APP!r})\n"
    heavy = "'requests','attr','attrs','cattrs','orjson','flask','concurrent.futures'"
    ours = "'customers_sdk._http.attempt','customers_sdk._wire','customers_sdk._lists'"
    assert run(code + LOADED.format(f"{heavy},{ours}")) == ["requests"]


def test_an_error_can_be_caught_without_loading_the_rest() -> None:
    code = "from customers_sdk import CustomersError, ValidationError, ConfigurationError\n"
    assert run(code + LOADED.format("'requests','attrs'")) == []


def test_a_star_import_gives_every_public_name() -> None:
    code = (
        "import customers_sdk\nfrom customers_sdk import *\n"
        "print(*[n for n in customers_sdk.__all__ if n not in globals()])"
    )
    assert run(code) == []


@pytest.mark.parametrize("name", customers_sdk.__all__)
def test_every_public_name_is_there_and_is_itself(name: str) -> None:
    thing = getattr(customers_sdk, name)
    assert thing is getattr(customers_sdk, name)
    assert name in dir(customers_sdk)
    if isinstance(thing, type):
        assert thing.__name__ == name
        assert thing.__doc__


PROMISED = """
    Client Customers ApiResponse Attempt Page UNSET Unset IncompleteListWarning AlreadyExistsError
    AmbiguousCustomerError ChainId
    Customer CustomerDetail CustomerSummary CustomerCounts Wallet Chain App PaymentIntent Invoice
    CustomersError ConfigurationError ApiError ValidationError AuthenticationError
    PermissionDeniedError NotFoundError ConflictError RateLimitError ServerError TransportError
    RequestTimeoutError ResponseFormatError IdempotencyError ValidationIssue __version__
"""


def test_the_list_of_public_names_is_complete() -> None:
    assert sorted(customers_sdk.__all__) == sorted(PROMISED.split())
    assert set(customers_sdk.__all__) <= set(dir(customers_sdk))


def test_every_error_of_the_tree_is_re_exported() -> None:
    from customers_sdk import errors

    tree = {n for n, t in vars(errors).items() if isinstance(t, type) and issubclass(t, Exception)}
    assert tree <= set(customers_sdk.__all__)


def test_a_name_that_is_not_there_says_so() -> None:
    with pytest.raises(AttributeError, match="'customers_sdk' has no attribute 'nothing'"):
        customers_sdk.nothing  # noqa: B018
    with pytest.raises(ImportError):
        from customers_sdk import nothing  # noqa: F401


def test_the_package_is_typed_and_versioned() -> None:
    assert (Path(customers_sdk.__file__).parent / "py.typed").exists()
    assert customers_sdk.__version__.count(".") >= 1


def test_the_public_modules_are_reached_through_the_package() -> None:
    assert run("import customers_sdk; print(customers_sdk.errors.ApiError.__name__)") == [
        "ApiError"
    ]
