"""Settings from the environment; ``SHOP_FAKE=1`` runs the shop without an account."""

import os
import secrets
from pathlib import Path

DEBUG = os.environ.get("SHOP_DEBUG") == "1"
SECRET_KEY = os.environ.get("SHOP_SECRET_KEY") or secrets.token_hex(32)
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
INSTALLED_APPS = ["customers_sdk.django", "shop"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MIDDLEWARE = ["shop.middleware.CustomersErrors"]
USE_TZ = True

# The key and the app id are taken from NODERAILS_API_KEY and NODERAILS_APP_ID.
CUSTOMERS = {
    "DEADLINE": 20,
    "MAX_RETRIES": int(os.environ.get("SHOP_MAX_RETRIES", "2")),
    "FAKE": os.environ.get("SHOP_FAKE") == "1",
}

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("SHOP_DB") or Path(__file__).parent.parent / "shop.sqlite3",
        "OPTIONS": {"timeout": 20},
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO")},
}
