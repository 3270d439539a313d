"""The group of all commands, and what becomes of their errors."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

import click

from customers_sdk import __version__
from customers_sdk.cli._customer import create, show, update
from customers_sdk.cli._errors import line_of
from customers_sdk.cli._exit import Exit, code_of, ended
from customers_sdk.cli._exporting import export
from customers_sdk.cli._importing import import_
from customers_sdk.cli._listing import list_
from customers_sdk.cli._options import Group
from customers_sdk.cli._output import say
from customers_sdk.cli._streams import drop, escape_unencodable
from customers_sdk.cli._wallet import wallet
from customers_sdk.cli.doctor._command import doctor
from customers_sdk.errors import CustomersError
from customers_sdk.sandbox.command import sandbox

_EPILOG = """\
Settings come from the environment: NODERAILS_API_KEY, NODERAILS_APP_ID, and
NODERAILS_BASE_URL for a service other than the real one. "customers doctor" looks into a
setup that does not work.

\b
Exit codes:
  0    done
  2    usage, settings, or a file that cannot be read or written
  3    not found
  4    refused by the service
  5    try again later: no response, too many requests, the service is down
  6    done in part
  130  interrupted
"""


@click.group(cls=Group, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="customers")
def customers() -> None:
    """Customers who pay in crypto, from the command line.

    Tables on a terminal; JSON, one record a line, everywhere else and with --json.
    """


for _command in (create, show, update, list_, wallet, export, import_, sandbox, doctor):
    customers.add_command(_command)


def run(arguments: Sequence[str]) -> int:
    """Run a command line; returns the exit code, and lets no expected error through."""
    escape_unencodable()
    try:
        code = _invoke(arguments)
        if sys.stdout is not None:  # it may be closed from the start
            sys.stdout.flush()
    except BrokenPipeError:
        # Nobody reads on, as `head` does: no error. What is buffered must not raise again.
        drop(sys.stdout)
        return Exit.DONE
    except OSError as error:  # a full disk under the output
        say(line_of(error))
        drop(sys.stdout)
        code = Exit.USAGE
    return code


def _invoke(arguments: Sequence[str]) -> int:
    """Run the command, and say in one line what went wrong."""
    if "_CUSTOMERS_COMPLETE" in os.environ:
        customers.main(prog_name="customers")  # prints the completions and exits
    hints: list[str] = []  # what a command can say about resuming it
    try:
        # Not `main`, which ends the process with 1 where nobody reads on.
        with customers.make_context("customers", list(arguments), obj=hints) as context:
            return customers.invoke(context) or Exit.DONE
    except click.exceptions.Exit as asked:
        return asked.exit_code
    except BrokenPipeError:
        raise
    except (KeyboardInterrupt, click.Abort):
        # The next one ends the process at once, threads that still wait for answers included.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if hints:
            say(" ".join(["Interrupted.", *hints]))
        return Exit.INTERRUPTED
    except (CustomersError, OSError) as error:
        told = line_of(error)
        say(" ".join([ended(told), *hints]) if hints else told)
        return code_of(error)
    except (click.ClickException, ValueError) as error:
        say(line_of(error))
        return code_of(error)
