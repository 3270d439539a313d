"""A shop's sign-up as a Flask application: ``flask --app flask_shop run``.

Settings come from the environment, ``FLASK_CUSTOMERS_API_KEY`` and so on, or the client's own
``NODERAILS_API_KEY``. ``FLASK_CUSTOMERS_FAKE=true`` runs it without an account.
"""

from __future__ import annotations

import logging
import os
from typing import Any

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from customers_sdk import (
    AlreadyExistsError,
    Customer,
    CustomersError,
    RateLimitError,
    ServerError,
    TransportError,
    ValidationError,
)
from customers_sdk.flask import Customers

customers = Customers()


def create_app() -> Flask:
    """Make the application; gunicorn takes ``flask_shop:create_app()``."""
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "INFO"))
    app = Flask(__name__)
    app.config.from_prefixed_env()
    customers.init_app(app)

    @app.post("/accounts/<user>/")
    def sign_up(user: str) -> ResponseReturnValue:
        # Your own id as the external id: a form sent twice or a lost response makes one customer.
        # In a shop with a login, `user` comes from there, and not from the address.
        customer, created = customers.client.customers.get_or_create(
            user, email=request.form["email"]
        )
        return shown(customer), 201 if created else 200

    @app.get("/accounts/<user>/")
    def account(user: str) -> ResponseReturnValue:
        customer = customers.client.customers.find_by_external_id(user)
        if customer is None:
            return jsonify(error="no such account"), 404
        return shown(customer)

    @app.errorhandler(CustomersError)
    def failed(error: CustomersError) -> ResponseReturnValue:
        app.logger.error("%s", error)  # its text is for the log
        status, text = told(error)
        response = jsonify(error=text, request_id=error.request_id)
        if status == 503:
            response.headers["Retry-After"] = f"{getattr(error, 'retry_after', None) or 5:.0f}"
        return response, status

    return app


def told(error: CustomersError) -> tuple[int, str]:
    """The HTTP status and the sentence for the visitor. The order counts."""
    if isinstance(error, ValidationError) and error.setting is None:  # else our app id is wrong
        return 422, "; ".join(map(str, error.issues)) or error.message
    if isinstance(error, AlreadyExistsError):  # a ServerError too
        return 409, "this exists already"
    passes = isinstance(error, (TransportError, ServerError, RateLimitError))
    if passes or getattr(error, "database_down", False):
        return 503, "try again in a minute"
    return 500, "something is wrong on our side"


def shown(customer: Customer) -> Response:
    """Respond with what a page would show."""
    view: dict[str, Any] = {
        "customer": customer.id,
        "user": customer.external_id,
        "email": customer.email,
    }
    return jsonify(view)
