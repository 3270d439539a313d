"""The documentation's figures and charts, drawn from what was measured and counted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from bench import growth, plot
from bench.profiling import Profile
from bench.results import Results
from bench.server import ROOT
from bench.table import COUNTED_HEAD, HEAD, NONE, Figures, as_markdown, counted_rows, rows

_DOCS = ROOT / "docs"

_PAGE = """\
# Benchmarks

What a call, a page, an import, memory and a start cost, compared with `requests` and httpx by
hand, with other SDKs (stripe, openai, boto3) and with other decoders (pydantic, msgspec).

## A call

![Cost of a retrieve against requests](benchmarks/calls.svg)

Retrieving a 1.4 KB customer over a kept connection. requests and httpx return dicts, as boto3
does, whose customer is an item of DynamoDB and whose requests are signed; the others return typed
objects. The SDK prepares the request once instead of reading the environment again in each call.

## A page

![Cost of decoding a page against json.loads](benchmarks/decode.svg)

A page of 100 customers with two wallets each, from bytes to objects. **msgspec is faster**: it
takes {msgspec:.2f} of the SDK's time, because it parses JSON and makes objects in one step, which
no pure Python package can. Its models drop members that they do not know. pydantic v2 takes
{pydantic:.2f} of the SDK's time, and {pydantic_orjson:.2f} where `orjson` is installed (extra
`speed`), which makes the SDK faster. The models of pydantic here are frozen and strict and keep
unknown members, as ours do. stripe and openai do not check types.

## An import

![Processor time of a created customer against requests](benchmarks/imports.svg)

A hundred new customers: `import_rows` with one worker, and a loop over the creation of each of
the others. The import also checks all rows first and lists the customers that exist.

## Memory

![Memory of a customer](benchmarks/memory.svg)

A customer of that page, which has two wallets, in memory.

## A start

![Start of a process against import requests](benchmarks/starts.svg)

`import customers_sdk` alone imports nothing heavy; models come with the first response. A client
of boto3 reads the description of its service when it is made.

## As work grows

Against a server on the same machine that sends canned responses, on a processor of its own.
Processor time is that of the client alone.

### A long list

![Processor time and memory over a walk of a million customers](benchmarks/walk.svg)

`list()` over 1,000,000 customers holds one page at a time: the last customer costs what the first
did.

### Rows

![Processor time and memory of imports and exports](benchmarks/rows.svg)

An import of new customers from a CSV file, with a journal and 8 workers, and an export to a file.
An import keeps the external ids in memory, and an export holds one page.

### Workers

![Imports with 1 to 32 workers](benchmarks/workers.svg)

Workers are for waiting. Where a response takes 20 ms, 8 workers import {workers:.1f} times as many
rows as one in the same time. Where it takes none, they import {workers_at_once:.1f} times as many:
the client is one process, and so one processor.

An import into the [sandbox](testing.md) is bound by the sandbox, which is one process as well: more
workers do not make it faster, and its rate is not that of the service. How many workers pay off
there depends on how long its responses take.

### Threads

![Retrievals by 1 to 64 threads on one client](benchmarks/threads.svg)

One client, used by all threads. Where a response takes 20 ms, 16 threads retrieve {threads:.1f}
times as many customers as one in the same time.

## How it is measured

`make bench BENCH_ARGS=--write-docs` measures all this and keeps the figures in
`bench/measured.json`; the charts are drawn from that file. Bars are ratios of two things that ran
in turn in the same process, in changing order, in an environment of 20 variables, against a server
on loopback that sends canned bytes: the median of the ratios of all rounds, since other work on
the machine slows both sides of a ratio. Starts are whole processes in turn. The memory of a
customer is what `tracemalloc` counts. As work grows, each part runs in a process of its own, once;
workers and threads run in turn three times.

The processor's instructions are the same in each run, whatever else the machine does. CI compares
them with what was reached, and fails if anything costs over 3 % more: a retrieve carries out
{retrieve:.2f} of the instructions of plain `requests`.

{about}

What the figures are held to, and where the time goes: [Performance](architecture/performance.md).
"""

_PERFORMANCE = """\
# Performance

For those who change the code: what is held, and where the remaining time goes. The charts for
users are on the page [Benchmarks](../benchmarks.md).

## Instructions

Counted by valgrind, in ratios of two contenders: the same in each run, whatever else the machine
does. `make bench BENCH_ARGS=--check` compares them with `bench/baseline.json`, as CI does, and
fails on a row that costs over 3 % more. Counted is what the process does itself, without the
kernel.

{counted}

The sandbox and the constant (Flask under waitress) are counted with the client that calls them on
one thread: threads that wake each other move a count by a third.

## Time

Ratios by the clock, with the quartiles of their rounds. They are looked at, and decide nothing in
CI.

{table}

## Where the time goes

A timer looks every 0.7 ms at what runs, with the JSON of the standard library.

{profiles}

## What is left

{left}
"""

_LEFT = """\
Of a retrieve, about a fifth is work of this SDK: the rest is the socket, `http.client` and the
parsing of the response headers by `email`, urllib3's connection pool, and what `Session.send`
does after any request. `HTTPAdapter.send` in its place would save some of that, and lose
instrumentation and mocks of `Session.send`, which users rely on. Of a page, half is `json`, and
most of the rest one pass of generated code over the fields: a type check, an assignment, and
for instants `datetime.fromisoformat`. orjson takes most of the first part away. Less
would take another parser that makes typed objects itself, such as msgspec's: it would have to
be required, and models would be its own. Nine other ways to decode were tried, down to
everything inlined; none gained anything worth a line."""


def write(results: Results, counted: Mapping[str, float]) -> None:
    """Write the pages and the charts."""
    for path, text in drawn(results, counted).items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


def drawn(results: Results, counted: Mapping[str, float]) -> dict[Path, str]:
    """Every file of the documentation that shows figures, and its text."""
    charts = {
        "calls": _calls(results),
        "decode": _decoding(results),
        "imports": _imports(results.plain),
        "memory": _memory(results.plain),
        "starts": _starts(results.plain),
        "walk": _walk(results.growth),
        "rows": _rows(results.growth),
        "workers": _crowds(results.growth, "workers", "a row", "imported"),
        "threads": _crowds(results.growth, "threads", "a call", "retrieved"),
    }
    return {
        **{_DOCS / "benchmarks" / f"{name}.svg": chart for name, chart in charts.items()},
        _DOCS / "benchmarks.md": _benchmarks(results, counted),
        _DOCS / "architecture" / "performance.md": _performance(results, counted),
        _DOCS / "index.md": _index(results.plain, counted),
    }


def _benchmarks(results: Results, counted: Mapping[str, float]) -> str:
    def against_ours(figures: Figures, name: str) -> float:
        return (
            figures[f"decode: {name} / json"].value / figures["decode: customers_sdk / json"].value
        )

    return _PAGE.format(
        msgspec=against_ours(results.plain, "msgspec"),
        pydantic=against_ours(results.plain, "pydantic"),
        pydantic_orjson=against_ours(results.orjson, "pydantic"),
        workers=dict(results.growth["workers, 20 ms"])[8]["times"],
        workers_at_once=dict(results.growth["workers, 0 ms"])[8]["times"],
        threads=dict(results.growth["threads, 20 ms"])[16]["times"],
        retrieve=counted["retrieve / plain requests"],
        about=results.about,
    )


def _performance(results: Results, counted: Mapping[str, float]) -> str:
    cells = [row.cells() for row in rows(results.plain, results.orjson)]
    return _PERFORMANCE.format(
        counted=as_markdown(COUNTED_HEAD, counted_rows(counted)),
        table=as_markdown(HEAD, cells),
        profiles="\n\n".join(map(_profile, results.profiles)),
        left=_LEFT,
    )


def _index(plain: Figures, counted: Mapping[str, float]) -> str:
    """The first page, with its two rows of figures."""
    dicts, ours, stripe, openai = (
        f"{plain[f'memory: {name}'].value / 1000:.1f}"
        for name in ("json", "customers_sdk", "stripe", "openai")
    )
    low, high = sorted((stripe, openai), key=float)
    cells = {
        "memory of a customer": f"{dicts} KB as a `dict` | {NONE} | {low} and {high} KB | "
        f"[{ours} KB, typed](benchmarks.md) |",
        "instructions of a retrieve": f"1 | {NONE} | {NONE} | "
        f"[{counted['retrieve / plain requests']:.2f}](benchmarks.md) |",
    }
    text = (_DOCS / "index.md").read_text(encoding="utf-8")
    for name, row in cells.items():
        cells_of = re.compile(rf"^(\|[^|]*{name}[^|]*\|).*$", re.MULTILINE)
        text, found = cells_of.subn(rf"\1 {row}", text)
        if found != 1:
            raise ValueError(f"docs/index.md has {found} rows of: {name}")
    return text


def _bars(figures: Figures, group: str, against: str, names: dict[str, str]) -> list[plot.Bar]:
    ours = ("customers_sdk", "create()")
    return [
        plot.Bar(label, figures[key].value, ours=name in ours)
        for name, label in names.items()
        if (key := f"{group}: {name} / {against}") in figures
    ]


_SDKS = {name: name for name in ("httpx", "stripe", "openai", "boto3")}
_OURS = {"customers_sdk": "customers_sdk"}
_OURS_ORJSON = {"customers_sdk": "customers_sdk, orjson"}


def _calls(results: Results) -> str:
    names = {
        **_OURS,
        "requests": "requests",
        "trust_env=False": "requests, trust_env=False",
        **_SDKS,
    }
    contents = [
        *_bars(results.orjson, "retrieve", "requests", _OURS_ORJSON),
        *_bars(results.plain, "retrieve", "requests", names),
    ]
    note = "against requests.Session.get(…).json() = 1; shorter is better"
    return plot.bars("Cost of a retrieve", note, contents, longest=4)


_DECODERS = {name: name for name in ("msgspec", "pydantic", "stripe", "openai")}


def _decoding(results: Results) -> str:
    contents = [
        *_bars(results.orjson, "decode", "json", _OURS_ORJSON),
        *_bars(results.plain, "decode", "json", {**_OURS, "json": "json.loads alone", **_DECODERS}),
    ]
    note = "against json.loads = 1, each from bytes to objects; shorter is better"
    return plot.bars("Cost of decoding a page of 100 customers", note, contents, longest=4)


def _imports(plain: Figures) -> str:
    names = {"customers_sdk": "import_rows", "create()": "create", "requests": "requests", **_SDKS}
    contents = _bars(plain, "import", "requests", names)
    note = (
        "processor time against a loop over requests.Session.post(…).json() = 1; shorter is better"
    )
    return plot.bars("Cost of a created customer", note, contents, longest=4)


def _memory(plain: Figures) -> str:
    contents = _bars(plain, "memory", "json", {**_OURS, "json": "dicts of json.loads", **_DECODERS})
    note = "against dicts = 1; shorter is better"
    return plot.bars("Memory of a customer", note, contents, longest=4)


def _starts(plain: Figures) -> str:
    names = {
        "import customers_sdk": "import customers_sdk",
        "python": "Python alone",
        "import requests": "import requests",
        "client ready": "Client(…) ready",
        "first requests": "first response, requests",
        "first customers_sdk": "first typed customer",
        "import httpx": "import httpx",
        "import msgspec": "import msgspec",
        "import pydantic": "import pydantic",
        "import stripe": "import stripe",
        "first stripe": "first customer, stripe",
        "import openai": "import openai",
        "import boto3": "import boto3",
        "first boto3": "first item, boto3",
    }
    ours = {"import customers_sdk", "client ready", "first customers_sdk"}
    contents = [
        plot.Bar(label, plain[key].value, ours=name in ours)
        for name, label in names.items()
        if (key := f"start: {name} / import requests") in plain
    ]
    note = "whole processes, against import requests = 1; shorter is better"
    return plot.bars("Start of a process", note, contents, longest=6)


Growth = Mapping[str, growth.Points]


def _panel(title: str, unit: str, lines: Mapping[str, growth.Points]) -> plot.Panel:
    return plot.Panel(
        title,
        [place for place, _ in next(iter(lines.values()))],
        [plot.Line(name, [v[unit] for _, v in points]) for name, points in lines.items()],
    )


def _walk(measured: Growth) -> str:
    lines = {"list()": measured["walk"]}
    return plot.panels(
        "A walk over 1,000,000 customers",
        [
            _panel("processor time of a customer, µs", "µs", lines),
            _panel("highest resident memory, MiB", "MiB", lines),
        ],
    )


def _rows(measured: Growth) -> str:
    lines = {
        "import": measured["import"],
        "export, JSON Lines": measured["export .jsonl"],
        "export, CSV": measured["export .csv"],
    }
    return plot.panels(
        "Imports and exports of 10,000 to 200,000 rows",
        [
            _panel("processor time of a row, µs", "µs", lines),
            _panel("highest resident memory, MiB", "MiB", lines),
        ],
    )


def _crowds(measured: Growth, what: str, each: str, done: str) -> str:
    lines = {f"{delay} ms a response": measured[f"{what}, {delay} ms"] for delay in (20, 0)}
    return plot.panels(
        f"1 to {measured[f'{what}, 20 ms'][-1][0]} {what}",
        [
            _panel(f"{done} in the same time, 1 being 1", "times", lines),
            _panel(f"processor time of {each}, µs", "µs", lines),
        ],
    )


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
