"""Sphinx settings: MyST pages, furo theme, reference from the docstrings."""

from importlib.metadata import version as installed_version

project = "customers_sdk"
author = "The customers_sdk contributors"
project_copyright = "2026, The customers_sdk contributors"
version = release = installed_version("customers_sdk")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "examples"]

html_theme = "furo"
html_title = f"customers_sdk {release}"
html_copy_source = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3  # links to headings, as GitHub makes them

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
# An "Attributes:" section and the attribute itself would be described twice otherwise.
napoleon_use_ivar = True
