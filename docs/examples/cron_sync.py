"""A nightly job: every account of a CSV file becomes a customer, and changed emails are passed on.

    17 3 * * *  cd /srv/shop && flock -n -E 0 sync.lock python cron_sync.py accounts.csv >/dev/null

The file has the columns ``user`` and ``email``. Running it twice changes nothing, so the next night
completes what a failed one left. Exit codes: 0 all done; 1 some accounts were refused, and are
named; 2 the file cannot be used; 75 a failure that may pass, run it again later; 78 a setting is
wrong.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from customers_sdk import (
    AlreadyExistsError,
    AuthenticationError,
    Client,
    CustomersError,
    RateLimitError,
    ServerError,
    TransportError,
    ValidationError,
)

TRY_LATER, WRONG_SETTING = 75, 78  # EX_TEMPFAIL and EX_CONFIG, as mailers and timers know them


def accounts(path: str) -> Iterator[tuple[str, str]]:
    """Read user and email from the file."""
    with Path(path).open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield row["user"], row["email"]


def sync(client: Client, user: str, email: str) -> str:
    """Make one account right; say what had to be done."""
    customer, created = client.customers.get_or_create(user, email=email)
    if created:
        return "created"
    if customer.email == email:
        return "unchanged"
    client.customers.update(customer.id, email=email)
    return "updated"


def may_pass(error: CustomersError) -> bool:
    """Whether the next run may succeed."""
    if isinstance(error, AlreadyExistsError):  # a ServerError, but it stays
        return False
    if isinstance(error, AuthenticationError):
        return error.database_down
    return isinstance(error, (TransportError, ServerError, RateLimitError))


def main(path: str) -> int:
    """Go through the file once."""
    done: Counter[str] = Counter()
    # A job has time where a view has none: more tries, and longer ones.
    with Client(max_retries=12, deadline=120) as client:
        for user, email in accounts(path):
            try:
                done[sync(client, user, email)] += 1
            except CustomersError as error:  # noqa: PERF203 - one refusal is not the end
                if isinstance(error, ValidationError) and error.setting is None:
                    done["refused"] += 1
                    reasons = ", ".join(map(str, error.issues)) or error.message
                    print(f"{user}: {reasons}", file=sys.stderr)
                    continue
                # The next account would fail too.
                print(f"stopped at {user}: {error}", file=sys.stderr)
                return TRY_LATER if may_pass(error) else WRONG_SETTING
            except ValueError as error:  # an argument that cannot be right
                done["refused"] += 1
                print(f"{user}: {error}", file=sys.stderr)
    print(", ".join(f"{count} {what}" for what, count in sorted(done.items())) or "no accounts")
    return 1 if done["refused"] else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: cron_sync.py ACCOUNTS.csv")
    try:
        sys.exit(main(sys.argv[1]))
    except (OSError, KeyError, UnicodeError) as error:
        print(f"{sys.argv[1]} cannot be used: {type(error).__name__} {error}", file=sys.stderr)
        sys.exit(2)
    except CustomersError as error:
        print(error, file=sys.stderr)
        sys.exit(WRONG_SETTING)
