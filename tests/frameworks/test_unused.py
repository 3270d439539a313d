"""What is not used costs nothing, and what is not installed is named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def run(script: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-W", "error", "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def test_the_sdk_imports_no_framework() -> None:
    told = run(
        "import sys, customers_sdk; customers_sdk.Client('nr_test_sk_x', 'app');"
        "print({'flask', 'django', 'click', 'customers_sdk._frameworks'} & set(sys.modules))"
    )
    assert told == "set()\n"


@pytest.mark.parametrize(("ours", "other"), [("flask", "django"), ("django", "flask")])
def test_a_framework_imports_neither_the_other_nor_the_test_kit(ours: str, other: str) -> None:
    told = run(
        f"import sys, customers_sdk.{ours};"
        f"print({{'{other}', 'responses', 'customers_sdk.sandbox'}} & set(sys.modules))"
    )
    assert told == "set()\n"


@pytest.mark.parametrize("name", ["flask", "django"])
def test_a_framework_that_is_missing_is_named(name: str) -> None:
    told = run(
        f"import sys; sys.modules['{name}'] = None\n"
        f"try: import customers_sdk.{name}\n"
        "except ModuleNotFoundError as error: print(error, error.name)"
    )
    assert told == (f"customers_sdk.{name} needs {name}: pip install {name} {name}\n")


def test_the_fake_without_the_test_kit_names_what_is_missing() -> None:
    told = run(
        """
import sys, flask
sys.modules['responses'] = None
from customers_sdk.flask import Customers
app = flask.Flask('shop')
app.config['CUSTOMERS_FAKE'] = True
try: Customers(app).client
except ModuleNotFoundError as error: print(error)
"""
    )
    assert told.endswith("needs responses: pip install responses\n")
    assert told.count("\n") == 1
