"""The client in a Flask application (extra ``flask``).

    from customers_sdk.flask import Customers

    customers = Customers()


    def create_app():
        app = Flask(__name__)
        app.config.from_prefixed_env()
        customers.init_app(app)
        return app

and in a view ``customers.client.customers.create(…)``. Settings are ``CUSTOMERS_API_KEY``,
``CUSTOMERS_APP_ID``, ``CUSTOMERS_BASE_URL``, ``CUSTOMERS_TIMEOUT``, ``CUSTOMERS_DEADLINE``,
``CUSTOMERS_MAX_RETRIES``, ``CUSTOMERS_API_VERSION``, ``CUSTOMERS_USER_AGENT``,
``CUSTOMERS_ALLOW_HTTP`` and ``CUSTOMERS_SESSION``, with the meaning of the arguments of
`customers_sdk.Client`, whose environment variables stand in for the first three.
``CUSTOMERS_FAKE = True`` puts the test kit's fake in the service's place.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

try:
    import click
    import flask
    from flask.cli import AppGroup
except ModuleNotFoundError as _error:
    if _error.name not in ("flask", "click", "werkzeug"):
        raise
    _text = f"customers_sdk.flask needs {_error.name}: pip install {_error.name}"
    raise ModuleNotFoundError(_text, name=_error.name) from _error

from customers_sdk import Client, CustomersError
from customers_sdk._frameworks import AppClient, ClientCache, report
from customers_sdk._http import late

if TYPE_CHECKING:
    from customers_sdk.testing import MockCustomers

__all__ = ["Customers"]


class Customers:
    """The extension: gives each application its client.

    One extension may serve several applications of a process; each has a client of its own. The
    client is made when it is first used, so commands that do not need it run without a key, and
    again when its settings change. Threads share it, and each process forked later gets its own
    connections.

    Args:
        app: the application; or call `init_app` later.
    """

    def __init__(self, app: flask.Flask | None = None) -> None:
        self._caches: WeakKeyDictionary[flask.Flask, ClientCache] = WeakKeyDictionary()
        if app is not None:
            self.init_app(app)

    def init_app(self, app: flask.Flask) -> None:
        """Add the extension, and the commands ``flask customers …``, to an application.

        Raises:
            RuntimeError: the application already has another one.
        """
        if app.extensions.setdefault("customers", self) is not self:
            raise RuntimeError("this application already has a Customers extension")
        if app not in self._caches:
            self._caches[app] = ClientCache("CUSTOMERS_{}")
            own = dict(_commands.commands)
            app.cli.add_command(AppGroup(_commands.name, help=_commands.help, commands=own))

    @property
    def client(self) -> Client:
        """The client of the current application; without one, of the only application there is.

        Raises:
            ConfigurationError: a setting is missing or wrong; the text names it.
            RuntimeError: there is no current application, or it lacks the extension.
        """
        return self._current().client

    @property
    def fake(self) -> MockCustomers:
        """The fake: seed it, inject faults, look at the requests.

        Raises:
            RuntimeError: ``CUSTOMERS_FAKE`` is not on; or as `client`.
            ConfigurationError: as `client`.
        """
        fake = self._current().fake
        if fake is None:
            raise RuntimeError("there is no fake: set CUSTOMERS_FAKE to True")
        return fake

    def _current(self) -> AppClient:
        apps: list[flask.Flask] = list(self._caches)
        if flask.has_app_context():
            current: Any = flask.current_app
            apps = [current._get_current_object()]  # noqa: SLF001 - Flask documents it
        if len(apps) != 1:
            raise RuntimeError(
                f"the extension serves {len(apps)} applications and none is current: "
                "use it in a request, or within app.app_context()"
            )
        (app,) = apps
        cache = self._caches.get(app)
        if cache is None:
            raise RuntimeError(f"application {app.name!r} lacks this extension: call init_app")
        return cache.current(lambda name: app.config.get(f"CUSTOMERS_{name}"))


def _client() -> Client:
    extension: Customers = flask.current_app.extensions["customers"]
    return extension.client


@contextmanager
def _told() -> Iterator[None]:
    """Show an error as one line, with exit status 1."""
    try:
        yield
    except (CustomersError, ValueError) as error:
        raise click.ClickException(str(error)) from None


_commands = AppGroup("customers", help="The customers of the payments service.")


@_commands.command("check")
def _check() -> None:
    """Check settings, network and key with one request."""
    with _told():
        click.echo(report(_client()))


@_commands.command("list")
@click.option("--search", help="Part of an email, a name or an external id.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="Maximum number to show.",
)
def _list(search: str | None, limit: int) -> None:
    """Print customers as JSON Lines, newest first."""
    with _told():
        found = _client().customers.list(search=search, page_size=min(limit, 100))
        for customer in islice(found, limit):
            # Escaped, so that no customer's name can control the terminal.
            click.echo(late.codec.to_text(customer.to_dict()))


@_commands.command("show")
@click.argument("customer_id")
@click.option("--external", is_flag=True, help="CUSTOMER_ID is your own id for the customer.")
def _show(customer_id: str, *, external: bool) -> None:
    """Print a customer as JSON, with wallets, payments and invoices."""
    with _told():
        customers = _client().customers
        if external:
            found = customers.find_by_external_id(customer_id)
            if found is None:
                raise click.ClickException("no customer has this external id")
            customer_id = found.id
        click.echo(late.codec.to_text(customers.retrieve(customer_id).to_dict(), indent=2))
