"""The page of the documentation with its charts, and the one for those who carry the SDK on."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

from bench import peers, plot
from bench.profiling import Profile
from bench.server import ROOT
from bench.table import HEAD, Figures, Row, as_markdown

_DOCS = ROOT / "docs"
_PACKAGES = ("customers_sdk", *peers.NAMES, "urllib3", "attrs", "cattrs")

_PAGE = """\
# Benchmarks

What a call, a page and a start cost, compared with `requests` by hand, with other SDKs and with
other decoders.

## A call

![Cost of a retrieve against requests](benchmarks/calls.svg)

Retrieving a 1.4 KB customer over a kept connection. requests and httpx return dicts, the others
typed objects. The SDK prepares the request once instead of reading the environment again in each
call.

## A page

![Cost of decoding a page against json.loads](benchmarks/decode.svg)

A page of 100 customers with two wallets each, from bytes to objects. msgspec takes a third of the
time: it parses JSON and makes objects in one step, which no pure Python package can, and its
models drop members that they do not know. pydantic v2 is about level with the SDK where `orjson`
is installed (extra `speed`), and faster where it is not. The models of pydantic here are frozen
and strict and keep unknown members, as ours do. stripe and openai do not check types.

## A start

![Start of a process against import requests](benchmarks/starts.svg)

`import customers_sdk` alone imports nothing heavy; models come with the first response.

## Memory

A page of typed customers takes {memory:.2f} of the memory of the same page as dicts. A walk over
200,000 customers grows the process by {growth:.2f} MiB after its first 2,000.

## Instructions

The processor's instructions are the same in each run, whatever else the machine does. CI compares
them with these figures, and fails on a row that costs over 3 % more. Measured on Python {python}.

{instructions}

The sandbox is compared with Flask and waitress that answer with a constant. Counted is what the
process does itself, without the kernel.

## How it is measured

`make bench` measures everything and prints the tables; `make bench BENCH_ARGS=--write-docs`
writes this page. Every other figure is a ratio of two things that ran in turn in the same
process, a few runs at a time in changing order, in an environment of {variables} variables,
against a server on loopback that sends canned bytes. It is the median of the ratios of all
rounds: other work on the machine slows both sides of a ratio. Starts are whole processes in turn.

{date}: {machine}. {versions}.

What the figures are held to, and where the time goes: [Performance](architecture/performance.md).
"""

_PERFORMANCE = """\
# Performance

For those who change the code: what is held, and where the remaining time goes. The charts for
users are on the page [Benchmarks](../benchmarks.md).

## Targets

Ratios by the clock, with the quartiles of their rounds. They are looked at, and decide nothing in
CI: there, instructions are counted.

{table}

## Where the time goes

A timer looks every 0.7 ms at what runs, with the JSON of the standard library.

{profiles}

## What is left

{left}
"""

_LEFT = """\
Of a retrieve, less than a tenth is work of this SDK: the rest is the socket, `http.client` and
the parsing of the response headers by `email`, urllib3's connection pool, and what
`Session.send` does after any request. `HTTPAdapter.send` in its place would save some of that,
and lose instrumentation and mocks of `Session.send`, which users rely on. Of a page, a good
third is `json`, and most of the rest one pass of generated code over the fields: a type check,
an assignment, and for instants `datetime.fromisoformat`. orjson takes most of the first part
away. Less would take another parser that makes typed objects itself, such as msgspec's: it
would have to be required, and models would be its own. Nine other ways to decode were tried,
down to everything inlined; none gained anything worth a line."""


def write(
    rows: list[Row],
    plain: Figures,
    orjson: Figures,
    profiles: list[Profile],
    counted: Mapping[str, float],
) -> None:
    """Write the two pages and the charts."""
    charts = _DOCS / "benchmarks"
    charts.mkdir(exist_ok=True)
    (charts / "calls.svg").write_text(_calls(plain, orjson), encoding="utf-8")
    (charts / "decode.svg").write_text(_decoding(plain, orjson), encoding="utf-8")
    (charts / "starts.svg").write_text(_starts(plain), encoding="utf-8")
    page = _PAGE.format(
        memory=plain["memory: typed / dicts"].value,
        growth=plain["walk: growth in MiB"].value,
        python=".".join(platform.python_version_tuple()[:2]),
        instructions=as_markdown(
            ["row", "ratio"], [[name, f"{value:.2f}"] for name, value in counted.items()]
        ),
        variables=20,
        date=datetime.now(timezone.utc).date(),
        machine=_machine(),
        versions=_versions(),
    )
    (_DOCS / "benchmarks.md").write_text(page, encoding="utf-8")
    performance = _PERFORMANCE.format(
        table=as_markdown(HEAD, [row.cells() for row in rows]),
        profiles="\n\n".join(map(_profile, profiles)),
        left=_LEFT,
    )
    (_DOCS / "architecture" / "performance.md").write_text(performance, encoding="utf-8")


def _machine() -> str:
    model = platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text(encoding="utf-8").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} processors, {platform.system()}"


def _versions() -> str:
    found = [f"{platform.python_implementation()} {platform.python_version()}"]
    for name in _PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found.append(f"{name} {importlib.metadata.version(name)}")
    return ", ".join(found)


def _bars(figures: Figures, group: str, against: str, names: dict[str, str]) -> list[plot.Bar]:
    keys = {name: f"{group}: {name} / {against}" for name in names}
    return [
        plot.Bar(label, figures[keys[name]].value, ours=name == "customers_sdk")
        for name, label in names.items()
        if keys[name] in figures
    ]


def _calls(plain: Figures, orjson: Figures) -> str:
    ours = {"customers_sdk": "customers_sdk"}
    theirs = {
        "requests": "requests",
        "trust_env=False": "requests, trust_env=False",
        "httpx": "httpx",
        "stripe": "stripe",
        "openai": "openai",
    }
    contents = [
        *_bars(orjson, "retrieve", "requests", {"customers_sdk": "customers_sdk, orjson"}),
        *_bars(plain, "retrieve", "requests", {**ours, **theirs}),
    ]
    note = "against requests.Session.get(…).json() = 1; shorter is better"
    return plot.bars("Cost of a retrieve", note, contents, longest=4)


def _decoding(plain: Figures, orjson: Figures) -> str:
    contents = [
        *_bars(orjson, "decode", "json", {"customers_sdk": "customers_sdk, orjson"}),
        *_bars(
            plain,
            "decode",
            "json",
            {
                "customers_sdk": "customers_sdk",
                "json": "json.loads alone",
                "msgspec": "msgspec",
                "pydantic": "pydantic",
                "stripe": "stripe",
                "openai": "openai",
            },
        ),
    ]
    note = "against json.loads = 1, each from bytes to objects; shorter is better"
    return plot.bars("Cost of decoding a page of 100 customers", note, contents, longest=4)


def _starts(plain: Figures) -> str:
    names = {
        "import customers_sdk": "import customers_sdk",
        "python": "Python alone",
        "import requests": "import requests",
        "client ready": "the same, Client(…) ready",
        "first requests": "first response, requests",
        "import httpx": "import httpx",
        "first customers_sdk": "first typed customer",
        "import stripe": "import stripe",
        "first stripe": "first customer, stripe",
        "import openai": "import openai",
    }
    ours = {"import customers_sdk", "client ready", "first customers_sdk"}
    contents = [
        plot.Bar(label, plain[key].value, ours=name in ours)
        for name, label in names.items()
        if (key := f"start: {name} / import requests") in plain
    ]
    note = "whole processes, against import requests = 1; shorter is better"
    return plot.bars("Start of a process", note, contents, longest=6)


def _profile(profile: Profile) -> str:
    layers = [
        [name, f"{share:.1%}", f"{share * profile.microseconds:.0f}"]
        for name, share in profile.layers
        if share >= 0.005
    ]
    functions = [[f"`{name}`", f"{share:.1%}"] for name, share in profile.functions]
    return "\n\n".join(
        [
            f"### Profile: {profile.title}",
            f"{profile.microseconds:.0f} µs, the median of this run.",
            as_markdown(["layer", "share", "µs"], layers),
            "The functions that take most, without what they call:",
            as_markdown(["function", "share"], functions),
        ]
    )
