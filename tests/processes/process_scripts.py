"""What has to run in processes without pytest's threads: ``python process_scripts.py NAME``.

Each prints one line of JSON.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import random
import signal
import sys
import threading
import time
from typing import Any

from customers_sdk import Client
from tests.processes.process_client import client, own_answer


class Interrupted(BaseException):
    pass


def pool() -> Any:
    """A prefork pool around a client that has sockets already: how many answers were wrong."""
    for index in range(4):
        assert own_answer(shared, f"parent-{index}")
    with multiprocessing.get_context("fork").Pool(4) as workers:
        pending = workers.map_async(_pool_call, range(1_000), chunksize=5)
        # The parent goes on meanwhile.
        own = [own_answer(shared, f"parent-{os.getpid()}-{index}") for index in range(50)]
        answers = pending.get(60)
    return {"wrong": answers.count(False) + own.count(False), "calls": len(answers)}


def _pool_call(index: int) -> bool:
    return own_answer(shared, f"child-{index}")


def held() -> Any:
    """Fork while another thread holds every lock there is: whether the child can call."""
    assert own_answer(shared, "parent")
    process = shared._transport._process
    manager = process.sender._session.get_adapter(os.environ["ECHO_URL"]).poolmanager
    (pool_key,) = manager.pools.keys()
    pool = manager.pools[pool_key]
    locks = [process.budget._lock, manager.pools.lock]
    if hasattr(pool.pool, "mutex"):  # urllib3's own, in a caller's session
        locks.append(pool.pool.mutex)
    ready, done = threading.Event(), threading.Event()

    def hold() -> None:
        for lock in locks:
            lock.acquire()
        ready.set()
        done.wait(30)
        for lock in locks:
            lock.release()

    holder = threading.Thread(target=hold)
    holder.start()
    ready.wait(10)
    child = os.fork()
    if child == 0:
        signal.alarm(5)
        os._exit(0 if own_answer(shared, "child") and own_answer(shared, "child-2") else 1)
    status = os.waitpid(child, 0)[1]
    done.set()
    holder.join()
    return {"status": status, "parent": own_answer(shared, "parent-again")}


class Slow:
    """Does something at the moment when a module is looked for, as an import hook."""

    def __init__(self, name: str, does: Any) -> None:
        self.name = name
        self.does = does
        self.times = 0

    def find_spec(self, name: str, *_: Any) -> None:
        if name == self.name:
            self.times += 1
            self.does()


def forked_amid_the_first_call() -> Any:
    """Fork while another thread imports what the first call needs."""
    amid = threading.Event()

    def dawdle() -> None:
        amid.set()
        time.sleep(0.5)

    sys.meta_path.insert(0, Slow("cattrs", dawdle))  # type: ignore[arg-type]
    caller = threading.Thread(target=own_answer, args=(shared, "first"))
    caller.start()
    assert amid.wait(10)
    child = os.fork()
    if child == 0:
        signal.alarm(5)
        os._exit(0 if own_answer(shared, "child") else 1)
    status = os.waitpid(child, 0)[1]
    caller.join()
    return {"status": status, "parent": own_answer(shared, "parent-again")}


def interrupted_amid_the_first_call() -> Any:
    """Interrupt the first call while it imports, and make it again."""

    def handler(*_: object) -> None:
        raise Interrupted

    def interrupt() -> None:
        os.kill(os.getpid(), signal.SIGALRM)
        time.sleep(0.2)

    signal.signal(signal.SIGALRM, handler)
    imported = Slow(os.environ["AMID"], interrupt)
    sys.meta_path.insert(0, imported)  # type: ignore[arg-type]
    hits = 0
    try:
        own_answer(shared, "first")
    except Interrupted:
        hits += 1
    return {
        "interrupted": hits,
        "times": imported.times,
        "answers": [own_answer(shared, "second"), own_answer(shared, "third")],
    }


def grandchildren() -> Any:
    """A fork of a fork."""
    assert own_answer(shared, "parent")
    statuses = []
    child = os.fork()
    if child == 0:
        signal.alarm(10)
        ok = own_answer(shared, "child")
        grandchild = os.fork()
        if grandchild == 0:
            os._exit(0 if own_answer(shared, "grandchild") else 1)
        os._exit(0 if ok and os.waitpid(grandchild, 0)[1] == 0 else 1)
    statuses.append(os.waitpid(child, 0)[1])
    return {"statuses": statuses, "parent": own_answer(shared, "parent-again")}


def interrupted() -> Any:
    """Signals amid requests, that raise as Ctrl-C and a worker's time-out do."""
    rng = random.Random(3)
    kinds = [KeyboardInterrupt, SystemExit, Interrupted]
    hits = wrong = 0

    def handler(*_: object) -> None:
        raise rng.choice(kinds)

    signal.signal(signal.SIGALRM, handler)
    signal.signal(signal.SIGTERM, handler)
    for index in range(80):
        try:
            try:
                signal.setitimer(signal.ITIMER_REAL, rng.uniform(0.0005, 0.012))
                wrong += not own_answer(shared, f"slow-0.008-{index}")
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        except (KeyboardInterrupt, SystemExit, Interrupted):
            hits += 1
        wrong += not own_answer(shared, f"after-{index}")
    return {"hits": hits, "wrong": wrong}


def interrupted_in_a_lock() -> Any:
    """What a signal does at the worst moment, right after a lock was taken (one in 2,000)."""
    assert own_answer(shared, "first")
    entered = threading.Condition.__enter__

    def enter(self: threading.Condition) -> bool:
        entered(self)
        raise KeyboardInterrupt

    threading.Condition.__enter__ = enter  # type: ignore[method-assign]
    with contextlib.suppress(KeyboardInterrupt):
        own_answer(shared, "second")
    threading.Condition.__enter__ = entered  # type: ignore[method-assign]
    return [own_answer(shared, "third"), own_answer(shared, "fourth")]


def get_or_create() -> Any:
    """Eight processes at once on one external id, several times over."""
    context = multiprocessing.get_context("fork")
    made = Client(deadline=20)
    rounds = []
    for number in range(3):
        barrier = context.Barrier(8)
        results = context.SimpleQueue()
        workers = [
            context.Process(target=_get_or_create, args=(made, f"user-{number}", barrier, results))
            for _ in range(8)
        ]
        for worker in workers:
            worker.start()
        rounds.append([results.get() for _ in workers])
        for worker in workers:
            worker.join()
    return rounds


def _get_or_create(made: Client, external_id: str, barrier: Any, results: Any) -> None:
    barrier.wait(10)
    try:
        customer, created = made.customers.get_or_create(external_id, name="Ada")
        results.put((customer.id, created))
    except Exception as error:  # noqa: BLE001 - the parent waits for a result
        results.put((repr(error), None))


def header() -> Any:
    """The Idempotency-Key that a caller's key becomes in this process."""
    from customers_sdk._http import keys

    return keys.scope("nr_test_sk_a", "app", "POST", "/customers", "order-1")


if __name__ == "__main__":
    if sys.argv[1] not in ("get_or_create", "header"):
        shared = client()
    print(json.dumps(globals()[sys.argv[1]]()))  # noqa: T201
