"""The example applications as deployed: gunicorn with four workers, and a service that fails.

One of every twenty requests to the service meets a fault. ``FRAMEWORKS_REQUESTS`` is how
many requests each application answers: 200, or 1,000 by hand. ``FRAMEWORKS_SEED`` repeats the dice.
"""

from __future__ import annotations

import http.client
import importlib
import json
import os
import random
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest

from customers_sdk import (
    AlreadyExistsError,
    AuthenticationError,
    ConfigurationError,
    CustomersError,
    RateLimitError,
    ServerError,
    TransportError,
    ValidationError,
)
from customers_sdk.sandbox import Sandbox
from customers_sdk.sandbox.faults.faults import Fault, Injected

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"
REQUESTS = int(os.environ.get("FRAMEWORKS_REQUESTS", "200"))
SEED = int(os.environ.get("FRAMEWORKS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
EACH = 20
THREADS = 8
# What a call tried again can get over; a service that is down is another test's matter.
FAULTS = (
    {"name": "fail_next", "status": 502},
    {"name": "fail_next", "status": 503},
    {"name": "html_next", "status": 503},
    {"name": "drop_answer_next"},
    {"name": "slow_next", "delay": 0.05},
    {"name": "rate_limit", "status": 429, "retry_after": 0},
)
forking = pytest.mark.skipif(not hasattr(os, "fork"), reason="gunicorn needs a fork")


class Dice:
    """Stands in for the queue of faults: one request of each twenty meets one, by lot."""

    def __init__(self) -> None:
        self.met: Counter[str] = Counter()
        self._random = random.Random(SEED)
        self._lots: list[bool] = []
        self._lock = threading.Lock()

    def take(self, method: str, path: str) -> Injected:
        with self._lock:
            if not self._lots:
                self._lots = [True] + [False] * (EACH - 1)
                self._random.shuffle(self._lots)
            if not self._lots.pop():
                self.met["none"] += 1
                return Injected()
            fault = Fault(**self._random.choice(FAULTS))  # type: ignore[arg-type]
            self.met[fault.name] += 1
        return Injected(fault.delay, fault if fault.ends else None, (fault.name,))

    def bad(self) -> int:
        return sum(self.met.values()) - self.met["none"]


@pytest.fixture
def service() -> Iterator[tuple[Sandbox, Dice]]:
    print(f"FRAMEWORKS_SEED={SEED} FRAMEWORKS_REQUESTS={REQUESTS}")  # noqa: T201
    dice = Dice()
    with Sandbox() as sandbox:
        sandbox.backend.application.wsgi_app._faults = dice  # type: ignore[attr-defined]
        yield sandbox, dice


def environment(sandbox: Sandbox, **more: str) -> dict[str, str]:
    return {
        **os.environ,
        "NODERAILS_API_KEY": sandbox.api_key,
        "NODERAILS_APP_ID": sandbox.app_id,
        "NODERAILS_BASE_URL": sandbox.base_url,
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, EXAMPLES, EXAMPLES / "django_shop"))),
        "LOG_LEVEL": "DEBUG",  # whatever can be logged is
        **more,
    }


def _gunicorn_options() -> list[str]:
    command = [sys.executable, "-W", "ignore", "-m", "gunicorn", "--help"]
    told = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    options = ["--workers=4", "--threads=2", "--bind=127.0.0.1:0", "--access-logfile=-"]
    options += ["--log-level=debug", "--timeout=60"]
    return [*options, *(["--no-control-socket"] if "--no-control-socket" in told.stdout else [])]


@contextmanager
def gunicorn(application: str, settings: dict[str, str], log: Path, *more: str) -> Iterator[int]:
    """Yield the port once four workers are up; everything that is printed goes into the log."""
    pytest.importorskip("gunicorn")
    options = [*_gunicorn_options(), *more, application]
    command = [sys.executable, "-W", "ignore", "-m", "gunicorn", *options]
    with log.open("w") as file:
        process = subprocess.Popen(  # noqa: S603 - our own application
            command, env=settings, cwd=log.parent, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        yield _port(process, log)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    ticking = threading.Event()
    for _ in range(600):
        text = log.read_text()
        found = re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", text)
        if found and text.count("Booting worker") >= 4:
            return int(found.group(1))
        assert process.poll() is None, text[-3000:]
        ticking.wait(0.05)
    raise AssertionError(log.read_text()[-3000:])


class Answer(NamedTuple):
    status: int
    head: str
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def ask(port: int, method: str, user: str) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    form = urlencode({"email": f"{user}@example.com"}) if method == "POST" else None
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    try:
        connection.request(method, f"/accounts/{user}/", form, headers)
        response = connection.getresponse()
        text = response.read().decode()
        return Answer(response.status, str(response.getheaders()), text)
    finally:
        connection.close()


def use(port: int) -> list[tuple[str, Answer]]:
    """Each user signs up three times, at once with others and with themselves, then looks twice."""
    users = [f"user-{number}" for number in range(REQUESTS // 5)]
    with ThreadPoolExecutor(THREADS) as threads:
        asked = [("POST", user) for user in users for _ in range(3)]
        asked += [("GET", user) for user in users for _ in range(2)]
        signed, looked = asked[: len(users) * 3], asked[len(users) * 3 :]
        answers: list[tuple[str, Answer]] = []
        for part in (signed, looked):
            made = threads.map(lambda each: (each[1], ask(port, *each)), part)
            answers += list(made)
    return answers


def check(
    answers: list[tuple[str, Answer]], sandbox: Sandbox, dice: Dice, log: str, external: Any
) -> None:
    """Every answer is right, there is one customer a user, and the key is nowhere."""
    wrong = [answer for _, answer in answers if answer.status not in (200, 201)]
    assert not wrong, (wrong[:3], log[-3000:])
    ids: dict[str, set[str]] = {}
    created: Counter[str] = Counter()
    for user, answer in answers:
        shown = answer.json
        assert (shown["user"], shown["email"]) == (user, f"{user}@example.com")
        ids.setdefault(user, set()).add(shown["customer"])
        created[user] += answer.status == 201
    stored = {customer.id: customer.external_id for customer in sandbox.customers}
    assert all(len(of_user) == 1 for of_user in ids.values())
    assert len(stored) == len(ids) == REQUESTS // 5
    for user, (customer_id,) in ids.items():
        assert external(user) in (None, stored[customer_id])
    # A try that met a fault is not told from another caller's success with the same fields.
    assert all(created[user] for user in ids)
    assert sum(created.values()) - len(ids) <= dice.bad()
    assert dice.bad() > 0
    for text in (log, *(answer.head + answer.text for _, answer in answers)):
        assert sandbox.api_key not in text
        assert sandbox.api_key[len("nr_test_sk_") :] not in text
    assert log.count("Booting worker") == 4, "a worker died"
    print(f"{len(answers)} answers, {dict(dice.met)}")  # noqa: T201


@forking
def test_flask_under_gunicorn_answers_right_while_the_service_fails(
    service: tuple[Sandbox, Dice], tmp_path: Path
) -> None:
    sandbox, dice = service
    settings = environment(sandbox, FLASK_CUSTOMERS_MAX_RETRIES="6")
    log = tmp_path / "gunicorn.log"
    with gunicorn("flask_shop:create_app()", settings, log, "--preload") as port:
        answers = use(port)
        assert ask(port, "GET", "nobody").status == 404
    check(answers, sandbox, dice, log.read_text(), lambda user: user)


@forking
def test_django_under_gunicorn_answers_right_while_the_service_fails(
    service: tuple[Sandbox, Dice], tmp_path: Path
) -> None:
    sandbox, dice = service
    settings = environment(
        sandbox, SHOP_DB=str(tmp_path / "shop.sqlite3"), SHOP_MAX_RETRIES="6", SHOP_SECRET_KEY="x"
    )
    log = tmp_path / "gunicorn.log"
    manage(settings, "migrate", "--verbosity=0")
    with gunicorn("shop.wsgi", settings, log) as port:
        answers = use(port)
        assert ask(port, "GET", "nobody").status == 404
    check(answers, sandbox, dice, log.read_text(), lambda _: None)
    assert all(
        re.fullmatch(r"shop\.Account:\d+", str(customer.external_id))
        for customer in sandbox.customers
    )
    target = tmp_path / "customers.jsonl"
    told = manage(settings, "customers_check") + manage(settings, "customers_export", str(target))
    assert sandbox.api_key not in told
    exported = [json.loads(line)["id"] for line in target.read_text().splitlines()]
    assert sorted(exported) == sorted(customer.id for customer in sandbox.customers)


def manage(settings: dict[str, str], *arguments: str) -> str:
    return run(settings, str(EXAMPLES / "django_shop" / "manage.py"), *arguments)


def run(settings: dict[str, str], *command: str, status: int = 0) -> str:
    done = subprocess.run(  # noqa: S603 - our own scripts
        [sys.executable, *command],
        env=settings,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == status, done.stderr[-3000:]
    return done.stdout + done.stderr


def test_flasks_own_command_line_talks_to_the_service(service: tuple[Sandbox, Dice]) -> None:
    sandbox, _ = service
    settings = environment(sandbox, FLASK_CUSTOMERS_MAX_RETRIES="6", LOG_LEVEL="WARNING")
    told = run(settings, "-m", "flask", "--app", "flask_shop", "customers", "check")
    assert "0 customers" in told
    assert sandbox.api_key not in told


@pytest.mark.parametrize("example", ["flask_shop", "shop.middleware"])
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValidationError(message="Chain 99999 is not supported"), 422),
        (AlreadyExistsError(), 409),
        (RateLimitError(), 503),
        (ServerError(), 503),
        (TransportError(), 503),
        (AuthenticationError(message="Authentication required"), 503),
        (AuthenticationError(message="Invalid or inactive API key"), 500),
        (ConfigurationError(), 500),
        (ValidationError(status=400, message="appId: Invalid uuid"), 500),
    ],
    ids=lambda each: getattr(each, "message", "") or str(each),
)
def test_the_examples_respond_as_the_page_about_errors_says(
    example: str, error: CustomersError, status: int
) -> None:
    told, text = importlib.import_module(example).told(error)
    assert told == status
    if status == 422:
        assert text == error.message


# --- the cron script --------------------------------------------------------------------------


def accounts(path: Path, emails: dict[str, str]) -> str:
    path.write_text("user,email\n" + "".join(f"{user},{at}\n" for user, at in emails.items()))
    return str(path)


# In a process of its own: the script, which waits between tries for no longer than it has to.
SCRIPT = "import runpy, sys; from customers_sdk._http import retry; retry.BACKOFF_BASE = 0.01; "
SCRIPT += "del sys.argv[0]; runpy.run_path(sys.argv[0], run_name='__main__')"


def sync(settings: dict[str, str], file: object, *, status: int = 0) -> str:
    job = str(EXAMPLES / "cron_sync.py")
    return run(settings, "-c", SCRIPT, job, str(file), status=status)


def test_the_nightly_job_makes_right_what_differs_and_nothing_twice(
    service: tuple[Sandbox, Dice], tmp_path: Path
) -> None:
    sandbox, dice = service
    settings = environment(sandbox)
    number = REQUESTS // 4
    emails = {f"user-{at}": f"user-{at}@example.com" for at in range(number)}
    file = tmp_path / "accounts.csv"
    told = [sync(settings, accounts(file, emails)), sync(settings, file)]
    emails["user-1"] = "new@example.com"
    told.append(sync(settings, accounts(file, emails)))
    assert told == [
        f"{number} created\n",
        f"{number} unchanged\n",
        f"{number - 1} unchanged, 1 updated\n",
    ]
    assert {customer.external_id: customer.email for customer in sandbox.customers} == emails
    assert len(sandbox.customers) == number
    assert dice.bad() > 0


def test_the_nightly_job_names_who_was_refused_and_goes_on(
    service: tuple[Sandbox, Dice], tmp_path: Path
) -> None:
    sandbox, _ = service
    emails = {"bad": "no email", "": "blank@example.com", "good": "good@example.com"}
    file = accounts(tmp_path / "accounts.csv", emails)
    told = sync(environment(sandbox), file, status=1)
    assert told == (
        "1 created, 2 refused\nbad: email: Invalid email\n: external_id is empty or blank\n"
    )


def test_the_nightly_job_tries_later_what_passes(tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        sandbox.database_down()
        file = accounts(tmp_path / "accounts.csv", {"a": "a@example.com"})
        sync(environment(sandbox), file, status=75)


@pytest.mark.parametrize(
    ("more", "content", "status", "text"),
    [
        ({"NODERAILS_BASE_URL": "http://127.0.0.1:1"}, "user,email\na,a@b.c\n", 75, "stopped at a"),
        ({"NODERAILS_API_KEY": "nr_test_sk_wrong"}, "user,email\na,a@b.c\n", 78, "401"),
        ({"NODERAILS_API_KEY": ""}, "user,email\n", 78, "api_key is missing"),
        ({"NODERAILS_APP_ID": "nonsense"}, "user,email\na,a@b.c\n", 78, "appId: Invalid uuid"),
        ({}, "name\nx\n", 2, "cannot be used: KeyError"),
        ({}, None, 2, "cannot be used: FileNotFoundError"),
    ],
)
def test_the_nightly_job_says_in_its_status_what_is_wrong(
    tmp_path: Path, more: dict[str, str], content: str | None, status: int, text: str
) -> None:
    file = tmp_path / "accounts.csv"
    if content is not None:
        file.write_text(content)
    with Sandbox() as sandbox:
        settings = environment(sandbox, **more)
        told = sync(settings, file, status=status)
        assert text in told
        assert "Traceback" not in told
        assert sandbox.api_key not in told
