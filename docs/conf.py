"""Sphinx settings: MyST pages, furo theme, reference from the docstrings."""

import re
import sys
from importlib.metadata import metadata
from pathlib import Path

import django
from django.conf import settings
from sphinx.application import Sphinx
from sphinx.domains.python import PyObject

project = "customers_sdk"
author = "The customers_sdk contributors"
project_copyright = "2026, The customers_sdk contributors"
_package = metadata("customers_sdk")
version = release = _package["Version"]
# setup.cfg names the address once.
REPOSITORY = dict(url.split(", ", 1) for url in _package.get_all("Project-URL", [])).get("Source")

sys.path.insert(0, str(Path(__file__).parent / "_ext"))
settings.configure()
django.setup()  # the reference has a model
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinxext.opengraph",
    "attribute_types",
    "diagrams",
    "llms",
]
exclude_patterns = ["_build", "_ext", "examples"]

html_theme = "furo"
html_title = f"customers_sdk {release}"
html_copy_source = False
html_search_scorer = str(Path(__file__).parent / "_ext" / "scorer.js")
html_show_sphinx = False
html_static_path = ["_static"]
html_css_files = ["customers.css"]
html_logo = "_static/logo.svg"
html_favicon = "_static/logo.svg"
html_theme_options = {
    "sidebar_hide_name": False,
    "light_css_variables": {"color-brand-primary": "#3451d1", "color-brand-content": "#3451d1"},
    "dark_css_variables": {"color-brand-primary": "#8fa4ff", "color-brand-content": "#8fa4ff"},
    **(
        {"source_repository": REPOSITORY, "source_branch": "main", "source_directory": "docs/"}
        if REPOSITORY
        else {}
    ),
}
ogp_site_url = "/"
ogp_site_name = "customers_sdk"
ogp_image = "_static/logo.svg"
ogp_social_cards = {"enable": False}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .gp, .go"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3  # links to headings, as GitHub makes them

default_role = "py:obj"  # `Client` in a docstring is a link
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80
napoleon_use_ivar = False  # each attribute is an object of its own, to which others can link
napoleon_attr_annotations = False  # `attribute_types` writes them into the signature

# Classes that a user makes; the others come out of calls, and how they are built says nothing.
MADE_BY_USERS = {
    "customers_sdk.Client",
    "customers_sdk.bulk.CsvRows",
    "customers_sdk.flask.Customers",
    "customers_sdk.sandbox.Sandbox",
    "customers_sdk.testing.mock_customers",
}


def _signature(
    _app: Sphinx,
    what: str,
    name: str,
    _object: object,
    _options: object,
    signature: "str | None",
    returns: "str | None",
) -> "tuple[str, str | None] | None":
    if signature is None:
        return None
    if what in {"class", "exception"} and name not in MADE_BY_USERS:
        return "", None
    # Where an annotation names what is imported for type checkers only, aliases stay in it.
    return re.sub(r"\bTimeout\b", "float | tuple[float, float]", signature), returns


def setup(app: Sphinx) -> None:
    """Leave out what is noise in the reference, and call attributes what they are."""
    app.connect("autodoc-process-signature", _signature)
    for field in PyObject.doc_field_types:
        if field.name == "variable":
            field.label = "Attributes"
