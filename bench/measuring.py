"""How things are measured so that a noisy machine does not decide.

Contenders run in turn, a few runs each, in a new order every round. A round gives one
ratio, and what is reported is the median of the ratios: whatever slows the machine down
slows both sides of a ratio, and a hiccup spoils one round of many. Rounds in which this
process had to make room for another are left out, where enough others are left.
"""

from __future__ import annotations

import gc
import os
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

_MIB = 1 << 20

Contenders = Mapping[str, Callable[[], object]]
Samples = dict[str, list[float]]

# With fewer rounds no median means anything.
LEAST_ROUNDS = 11
# So many undisturbed rounds do without the others.
_ENOUGH = 100


class Figure(NamedTuple):
    """A measured value and the quartiles around it."""

    value: float
    low: float
    high: float


class Effort(NamedTuple):
    """How much is measured: ``quick`` only checks that everything runs."""

    quick: bool

    def seconds(self, wanted: float) -> float:
        return 0.0 if self.quick else wanted

    def rounds(self, wanted: int = LEAST_ROUNDS) -> int:
        return 1 if self.quick else wanted


def interleave(
    contenders: Contenders,
    *,
    seconds: float,
    rounds: int,
    batch: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> Samples:
    """Run every contender in turn, for so many seconds and at least so many rounds.

    Returns:
        The seconds a run took, a sample a round, in the same order for all.
    """
    if seconds:
        for run in contenders.values():  # what only a first run does is none of its cost
            run()
    gc.collect()
    gc.freeze()  # what the peers' modules hold must not be gone over again and again
    order = list(contenders)
    # The same orders in every run.
    shuffle = random.Random(4).shuffle
    calm: list[dict[str, float]] = []
    disturbed: list[dict[str, float]] = []
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends or len(calm) + len(disturbed) < rounds:
        shuffle(order)
        pushed_aside = _pushed_aside()
        taken = {name: _time(contenders[name], batch, clock) for name in order}
        (calm if _pushed_aside() == pushed_aside else disturbed).append(taken)
    kept = calm if len(calm) >= _ENOUGH else calm + disturbed
    return {name: [taken[name] for taken in kept] for name in contenders}


def _pushed_aside() -> int:
    """How often this process had to make room for another."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw


def _time(run: Callable[[], object], batch: int, clock: Callable[[], float]) -> float:
    started = clock()
    for _ in range(batch):
        run()
    return (clock() - started) / batch


def ratio(samples: Mapping[Any, list[float]], name: object, against: object) -> Figure:
    """The cost of one contender, that of another being 1."""
    return spread([a / b for a, b in zip(samples[name], samples[against])])


def spread(values: list[float]) -> Figure:
    """The median and the quartiles."""
    if len(values) == 1:
        return Figure(values[0], values[0], values[0])
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return Figure(middle, low, high)


def ratios(title: str, samples: Samples, *against: str) -> dict[str, Figure]:
    """All contenders against those named, as ``title: name / against``."""
    return {
        f"{title}: {name} / {other}": ratio(samples, name, other)
        for other in against
        if other in samples
        for name in samples
    }


def resident() -> float:
    """The resident memory in MiB; where there is no ``/proc``, the highest so far."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / _MIB
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / _MIB
