"""Where the time of a retrieve, of decoding a page and of the sandbox goes, by sampling.

A timer interrupts the work every 0.7 ms and looks at what runs. That slows nothing down,
where cProfile would charge small functions several times what they cost.
"""

from __future__ import annotations

import gc
import signal
import time
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import NamedTuple

from bench import data, served
from bench.decode import typed
from bench.measuring import Effort
from customers_sdk import Client

_INTERVAL = 0.0007
_SHOWN = 12

# The first that a frame's file matches is its layer; other files belong to their callers.
_LAYERS = (
    ("/customers_sdk/sandbox/service/database", "SQLite"),
    ("/customers_sdk/sandbox/", "the sandbox's own rules"),
    ("/waitress/", "waitress"),
    ("/werkzeug/", "Flask and werkzeug"),
    ("/flask/", "Flask and werkzeug"),
    ("/bench/served", "the client that measures"),
    ("<reader of", "typed objects"),
    ("/customers_sdk/_wire", "typed objects"),
    ("/customers_sdk/models", "typed objects"),
    ("/customers_sdk/", "customers_sdk: the call"),
    ("/requests/", "requests"),
    ("/urllib3/", "urllib3"),
    ("/http/cookiejar", "requests"),
    ("/http/", "http.client"),
    ("/email/", "email (response headers)"),
    ("/socket.py", "socket: system calls, and waiting for the server"),
    ("/json/", "JSON"),
)
# Functions whose time is that of the C function they call.
_CALLS_C = {
    ("/http/client.py", "send"): "socket: system calls, and waiting for the server",
    ("/urllib3/util/wait.py", "poll_wait_for_socket"): "urllib3: is the connection alive?",
    ("/customers_sdk/_wire/codec.py", "loads"): "JSON",
}


class Profile(NamedTuple):
    """How a run's time divides.

    Attributes:
        title: what was run.
        microseconds: the median time of a run.
        layers: the share of each layer, the largest first.
        functions: the share of each function without what it calls, the largest first.
    """

    title: str
    microseconds: float
    layers: list[tuple[str, float]]
    functions: list[tuple[str, float]]


def measure(url: str, effort: Effort) -> list[Profile]:
    """The profiles of the documentation."""
    customers = Client(data.API_KEY, data.APP_ID, base_url=url).customers
    body = data.page_body(1, data.PAGE_SIZE, data.PAGE_SIZE)
    seconds = effort.seconds(6) or 0.05
    profiles = [
        _profile("retrieve", lambda: customers.retrieve(data.CUSTOMER_ID), seconds),
        _profile("decoding a page", lambda: typed(body), seconds),
    ]
    for name, request in (
        ("retrieve", served.RETRIEVE),
        ("create", served.CREATE),
        ("page of 100", served.LIST),
    ):
        with served.sandbox(*request) as call:
            profiles.append(_profile(f"{name} in the sandbox", call, seconds))
    return profiles


def _profile(title: str, run: Callable[[], object], seconds: float) -> Profile:
    run()
    gc.collect()
    gc.freeze()
    layers: Counter[str] = Counter()
    functions: Counter[str] = Counter()

    def look(_: int, frame: FrameType | None) -> None:
        if frame is not None:
            functions[_function(frame)] += 1
            layers[_layer(frame)] += 1

    times = _timed(run, seconds / 4)
    before = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, _INTERVAL, _INTERVAL)
    try:
        _timed(run, seconds)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    median = sorted(times)[len(times) // 2] * 1e6
    return Profile(title, median, _shares(layers), _shares(functions)[:_SHOWN])


def _timed(run: Callable[[], object], seconds: float) -> list[float]:
    times = []
    ends = time.perf_counter() + seconds
    while (started := time.perf_counter()) < ends:
        run()
        times.append(time.perf_counter() - started)
    return times


def _shares(counts: Counter[str]) -> list[tuple[str, float]]:
    total = sum(counts.values())
    return [(name, count / total) for name, count in counts.most_common()]


def _function(frame: FrameType) -> str:
    path = frame.f_code.co_filename
    where = path if path.startswith("<") else "/".join(path.split("/")[-2:])
    return f"{where}: {frame.f_code.co_name}"


def _layer(frame: FrameType | None) -> str:
    while frame is not None:
        path, name = frame.f_code.co_filename, frame.f_code.co_name
        for (part, function), layer in _CALLS_C.items():
            if name == function and path.endswith(part):
                return layer
        for part, layer in _LAYERS:
            if part in path:
                return layer
        frame = frame.f_back
    return "freeing the objects, and the loop that measures"
