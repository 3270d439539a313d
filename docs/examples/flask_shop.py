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

from customers_sdk import ApiError, Customer, CustomersError, ValidationError
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
        # Your own id as the external id: a form sent twice, or an answer lost, makes one customer.
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

    @app.errorhandler(ValidationError)
    def refused(error: ValidationError) -> ResponseReturnValue:
        return jsonify(error=[str(issue) for issue in error.issues]), 422

    @app.errorhandler(CustomersError)
    def unavailable(error: CustomersError) -> ResponseReturnValue:
        # The text is for the log; the visitor gets an id to quote.
        app.logger.error("%s", error)
        waits = error.retry_after if isinstance(error, ApiError) else None
        answer = jsonify(error="try again later", request_id=error.request_id)
        return answer, 503, {"Retry-After": f"{waits or 5:.0f}"}

    return app


def shown(customer: Customer) -> Response:
    """Answer with what a page would show."""
    view: dict[str, Any] = {
        "customer": customer.id,
        "user": customer.external_id,
        "email": customer.email,
    }
    return jsonify(view)
