"""Check an installed customers_sdk from outside the checkout.

Usage: python -I tools/check_wheel.py CHECKOUT (the wheel installed, nothing else)
"""

import pickle
import re
import sys
from importlib.metadata import metadata, version
from pathlib import Path

import customers_sdk
from customers_sdk import Client, errors


def main(checkout: str) -> None:
    """Fail on the first thing a user of the wheel would miss."""
    source = Path(checkout).resolve() / "customers_sdk"
    installed = Path(customers_sdk.__file__).resolve().parent
    if source == installed:
        sys.exit("the checkout was imported, not the wheel")

    missing = [
        str(path.relative_to(source))
        for path in sorted(source.rglob("*"))
        if path.is_file()
        and "__pycache__" not in path.parts
        and not (installed / path.relative_to(source)).is_file()
    ]
    if missing:
        sys.exit(f"not in the wheel (see package_data in setup.cfg): {', '.join(missing)}")

    said = getattr(customers_sdk, "__version__", version("customers_sdk"))
    if said != version("customers_sdk"):
        sys.exit(f"__version__ is {said}, the wheel's version {version('customers_sdk')}")
    if metadata("customers_sdk")["License-Expression"] != "MIT":
        sys.exit("the wheel does not name its licence")

    if re.search(r"\]\((?!\w+:)", metadata("customers_sdk").get_payload()):
        sys.exit("the description has a relative link, which leads nowhere on a registry")

    with Client(api_key=KEY, app_id=APP_ID, base_url="http://127.0.0.1:1") as client:
        if KEY in repr(client):
            sys.exit("repr(client) shows the key")
        try:
            pickle.dumps(client)
        except Exception as error:  # noqa: BLE001 - any refusal will do, silence will not
            print(f"pickling is refused: {error}")
        else:
            sys.exit("a client was pickled")
    if not issubclass(errors.ConfigurationError, ValueError):
        sys.exit("ConfigurationError is no ValueError")
    print(f"customers_sdk {said} works from its wheel on Python {sys.version.split()[0]}")


# Shaped like the real ones, and open nothing.
KEY = "nr_test_sk_" + "0123456789abcdef" * 2
APP_ID = "00000000-0000-4000-8000-000000000000"

if __name__ == "__main__":
    main(*sys.argv[1:])
