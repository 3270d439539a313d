"""What several commands take: the fields of a customer, the form of the output, an id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from customers_sdk._checks import CUSTOMER_FIELDS

F = TypeVar("F", bound=Callable[..., Any])

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


def fields(command: F) -> F:
    """The options for a customer's fields; what is not given stays None."""
    command = click.option(
        "--metadata", metavar="JSON", callback=json_object, help="A JSON object of your own."
    )(command)
    for name in reversed(CUSTOMER_FIELDS):
        if name != "metadata":
            help_text = _HELP.get(name, f"{name.replace('_', ' ').capitalize()}.")
            option = f"--{name.replace('_', '-')}"
            command = click.option(option, metavar="TEXT", help=help_text)(command)
    return command


def given(values: dict[str, Any]) -> dict[str, Any]:
    """The options that were given."""
    return {name: value for name, value in values.items() if value is not None}


def scope(command: F) -> F:
    """The options that say which customers a list is of."""
    command = click.option("--all-apps", is_flag=True, help="Include every app of the merchant.")(
        command
    )
    return click.option(
        "--search", metavar="TEXT", help="A part of an e-mail address, a name or an external id."
    )(command)


as_json = click.option(
    "--json", "as_json", is_flag=True, help="Output JSON (the default when piped)."
)

prefetch = click.option(
    "--prefetch",
    type=click.IntRange(0, 64),
    default=0,
    metavar="N",
    help="Number of pages to fetch in parallel.",
)
