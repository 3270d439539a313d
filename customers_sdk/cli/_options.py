"""What several commands take, and how they tell of an option that does not fit."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from customers_sdk._checks import CUSTOMER_FIELDS
from customers_sdk.cli._exit import ended
from customers_sdk.cli._streams import is_terminal

if TYPE_CHECKING:
    from customers_sdk.customers import Unset

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

# What is said of a field beyond its name.
_HELP = {
    "external_id": "Your own id of the customer, unique within an app.",
    "email": "Email address.",
    "name": "Full name.",
    "address": "Street and number.",
}


class Group(click.Group):
    """A group that shows its help if no command is named, on every version of click alike."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Show the help if there is nothing else to do."""
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help())
            ctx.exit()
        return super().parse_args(ctx, args)


def option_of(name: str) -> str:
    """The option that sets an argument or a field."""
    return "--map" if name == "fields" else f"--{name.replace('_', '-')}"


@contextlib.contextmanager
def named_by_option() -> Iterator[None]:
    """Tell of an argument of `customers_sdk.bulk` by the option that the reader typed."""
    from customers_sdk.bulk import ArgumentError

    try:
        yield
    except ArgumentError as error:
        if error.argument in ("path", "rejects"):  # the problem begins with the name of a file
            raise click.ClickException(ended(error.problem)) from None
        option = option_of(error.argument)
        if error.fitting is None:
            raise click.UsageError(f"{option}: {ended(error.problem)}") from None
        problem = error.problem[:1].upper() + error.problem[1:]
        value = "tab" if error.fitting == "\t" else shlex.quote(error.fitting)
        raise click.UsageError(f"{problem}. Pass {option} {value}.") from None


def together(*options: Decorator) -> Decorator:
    """Several options as one."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def json_object(_: click.Context, __: click.Parameter, value: str | None) -> Any:
    """Read an option's JSON object."""
    if value is None:
        return None
    from customers_sdk._wire import deep

    try:
        decoded = deep.loads(value)
    except ValueError as error:
        raise click.BadParameter(f"This is not JSON ({error}).") from None
    if not isinstance(decoded, dict):
        raise click.BadParameter('This is not a JSON object such as {"plan": "gold"}.')
    return decoded


def _field(name: str) -> Decorator:
    if name == "metadata":
        help_text = "A JSON object of your own."
        return click.option("--metadata", metavar="JSON", callback=json_object, help=help_text)
    help_text = _HELP.get(name, f"{name.replace('_', ' ').capitalize()}.")
    return click.option(option_of(name), metavar="TEXT", help=help_text)


# A customer's fields; what is not given stays None.
fields = together(*map(_field, CUSTOMER_FIELDS))


def given(values: dict[str, Any]) -> dict[str, Any]:
    """The options that were given."""
    return {name: value for name, value in values.items() if value is not None}


def _app_id(ctx: click.Context, _: click.Parameter, every: bool) -> Unset | None:  # noqa: FBT001
    if every or ctx.resilient_parsing:  # as for a completion, which does without the import
        return None
    from customers_sdk.customers import UNSET

    return UNSET


# Which customers a list is of.
scope = together(
    click.option(
        "--search", metavar="TEXT", help="A part of an e-mail address, a name or an external id."
    ),
    click.option(
        *("--all-apps", "app_id"),
        is_flag=True,
        callback=_app_id,
        help="Include every app of the merchant.",
    ),
)


def _for_people(_: click.Context, __: click.Parameter, as_json: bool) -> bool:  # noqa: FBT001
    """Whether what is written is read by a person."""
    return not as_json and is_terminal(sys.stdout)


for_people = click.option(
    *("--json", "for_people"),
    is_flag=True,
    callback=_for_people,
    help="Output JSON (the default when piped).",
)

prefetch = click.option(
    "--prefetch",
    type=click.IntRange(0, 64),
    default=0,
    metavar="N",
    help="Number of pages to fetch in parallel.",
)
