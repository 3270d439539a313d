"""The page of the documentation, with its plots."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
from datetime import datetime, timezone
from pathlib import Path

from bench import peers, plot
from bench.profiling import Profile
from bench.server import ROOT
from bench.table import HEAD, TIMES, Figures, Row, as_markdown

_DOCS = ROOT / "docs"
_PACKAGES = ("customers_sdk", *peers.NAMES, "urllib3", "attrs", "cattrs")

_PAGE = """\
# Benchmarks

What a call costs is measured against what a user would write by hand with `requests`, and
against other SDKs and decoders. `make bench` measures everything anew and prints the table;
`make bench BENCH_ARGS=--write-docs` writes this page.

Every figure is a ratio of two things that ran in turn in the same process, a few runs at a
time in changing order, in an environment of {variables} variables, against a server on
loopback that does nothing but send canned bytes. It is the median of the ratios of all
rounds, with their quartiles beside it: other work on the machine slows both sides of a ratio.
Starting up is measured by whole processes in turn. "orjson" is the extra `speed`; the other
rows are without it.

Measured on {date}: {machine}. {versions}.

## The table

{table}

## Against peers

![Cost of a retrieve against requests](benchmarks/calls.svg)

A retrieve of a 1.4 KB customer over a kept connection. requests and httpx give dicts, the
others typed objects.

![Cost of decoding a page against json.loads](benchmarks/decode.svg)

A page of 100 customers with two wallets each, from bytes to objects. The models of pydantic
are frozen and strict and keep unknown members, as ours do; those of msgspec drop them. stripe
and openai do not check types.

{starts}

## Where the remaining time goes

A timer looks every 0.7 ms at what runs, with the JSON of the standard library.

{profiles}

### What is left

{left}
"""

_LEFT = """\
Of a retrieve, less than a tenth is work of this SDK: the rest is the socket, `http.client`
and the parsing of the answer's head by `email`, urllib3's connection pool, and what
`Session.send` does after a request whatever it was. `HTTPAdapter.send` in its place would
spare some of that and lose instrumentation and mocks of `Session.send`, which users rely on.
Of a page, a good third is `json`, and most of the rest one pass of generated code over the
fields: a type check, an assignment, and for instants `datetime.fromisoformat`, which
each field costs once. orjson takes most of the first part away. Less would take another
parser, which hands out typed objects itself, such as msgspec's: it would have to be required,
and models would be its own."""


def write(rows: list[Row], plain: Figures, orjson: Figures, profiles: list[Profile]) -> None:
    """Write ``docs/benchmarks.md`` and its plots."""
    figures = _DOCS / "benchmarks"
    figures.mkdir(exist_ok=True)
    (figures / "calls.svg").write_text(_calls(plain, orjson), encoding="utf-8")
    (figures / "decode.svg").write_text(_decoding(plain, orjson), encoding="utf-8")
    text = _PAGE.format(
        variables=20,
        date=datetime.now(timezone.utc).date(),
        machine=_machine(),
        versions=_versions(),
        table=as_markdown(HEAD, [row.cells() for row in rows]),
        starts=_starts(plain),
        profiles="\n\n".join(map(_profile, profiles)),
        left=_LEFT,
    )
    (_DOCS / "benchmarks.md").write_text(text, encoding="utf-8")


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
    """Start-up of everything, as a table."""
    names = {
        "python": "Python alone",
        "import customers_sdk": "`import customers_sdk`",
        "import requests": "`import requests`",
        "client ready": "`import requests`, `Client(…)` ready",
        "import httpx": "`import httpx`",
        "import stripe": "`import stripe`",
        "import openai": "`import openai`",
        "first requests": "first answer of requests",
        "first customers_sdk": "first typed customer",
        "first stripe": "first customer of stripe",
    }
    lines = [
        [label, f"{plain[key].value:.2f}{TIMES}"]
        for name, label in names.items()
        if (key := f"start: {name} / import requests") in plain
    ]
    return as_markdown(["whole process", "against `import requests`"], lines)


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
