"""What it costs to start: whole processes, one after the other, in turn."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from bench import data, peers
from bench.measuring import Effort, Figure, interleave, ratios
from bench.server import ROOT

_SDK = f"from customers_sdk import Client; client = Client({data.API_KEY!r}, {data.APP_ID!r}"
_STRIPE = """\
import stripe
stripe.api_base = "{url}/stripe"
assert stripe.Customer.retrieve("cus_1", api_key="sk_test").email
"""
_BOTO3 = """\
import boto3
table = boto3.resource(
    "dynamodb", endpoint_url="{url}/dynamodb", region_name="us-east-1",
    aws_access_key_id="benchmark", aws_secret_access_key="benchmark",
).Table("customers")
assert table.get_item(Key={{"id": "1"}})["Item"]["email"]
"""


def programs(url: str) -> dict[str, str]:
    target = f"{url}/customers/{data.CUSTOMER_ID}"
    by_hand = f"requests.get({target!r}, headers={data.HEADERS}).json()"
    return {
        "python": "pass",
        "import requests": "import requests",
        "import customers_sdk": "import customers_sdk",
        "client ready": f"import requests; {_SDK})",
        "first requests": f"import requests; {by_hand}",
        "first customers_sdk": (
            f"{_SDK}, base_url={url!r});"
            f"assert client.customers.retrieve({data.CUSTOMER_ID!r}).email"
        ),
        **({"first stripe": _STRIPE.format(url=url)} if peers.installed("stripe") else {}),
        **({"first boto3": _BOTO3.format(url=url)} if peers.installed("boto3") else {}),
        **{
            f"import {name}": f"import {name}"
            for name in ("stripe", "openai", "httpx", "boto3", "pydantic", "msgspec")
            if peers.installed(name)
        },
    }


def measure(url: str, effort: Effort, environment: dict[str, str]) -> dict[str, Figure]:
    """Every program, against the import and against the first answer of `requests`."""

    def process(code: str) -> Callable[[], object]:
        command = [sys.executable, "-c", code]
        return lambda: subprocess.run(  # noqa: S603 - our own programs
            command, cwd=ROOT, env=environment, check=True
        )

    contenders = {name: process(code) for name, code in programs(url).items()}
    samples = interleave(contenders, seconds=effort.seconds(60), rounds=effort.rounds())
    return ratios("start", samples, "import requests", "first requests", "first stripe")
