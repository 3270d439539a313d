"""Every link within the documentation leads somewhere, and its tables name every name."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import attrs
import pytest

import customers_sdk
from customers_sdk import Customers, bulk, models, sandbox, testing
from customers_sdk._checks import CUSTOMER_FIELDS
from tests.docs.pages import PAGES, ROOT, anchors, links

DOCS = ROOT / "docs"
FOR_CONTRIBUTORS = (ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md")


@pytest.mark.parametrize("page", [*PAGES, *FOR_CONTRIBUTORS], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert ROOT in target.resolve().parents, link
        if anchor:
            assert target.suffix == ".md", link
            assert anchor in anchors(target), link


def test_links_and_anchors_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# `A` and [B](b.md)!\n\n## Twice\n\n## Twice\n\n"
        "[one](#twice-1) ![two](two.svg) [`three`](../three.md#x) `[no](link)`\n\n"
        "```python\n# no heading\nx = '[no](link)'\n```\n",
        "utf-8",
    )
    assert anchors(page) == {"a-and-b", "twice", "twice-1"}
    assert links(page) == {"b.md", "#twice-1", "two.svg", "../three.md#x"}


def test_every_page_is_reached_from_the_front_page() -> None:
    reached: set[Path] = set()
    waiting = [DOCS / "index.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        text = page.read_text("utf-8")
        trees = re.findall(r"^```{toctree}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
        for name in " ".join(tree.partition("\n\n")[2] for tree in trees).split():
            waiting += [found for found in page.parent.glob(f"{name}.md") if found not in reached]
    assert set(PAGES[1:]) <= reached


def test_the_readme_stays_one_screen() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 75


TYPESCRIPT = (DOCS / "from-typescript.md").read_text("utf-8")
MAPPED = [
    ("Customer", models.Customer),
    ("Customer", models.CustomerDetail),
    ("Customer", models.CustomerSummary),
    ("Wallet", models.Wallet),
    ("Payment intent", models.PaymentIntent),
    ("Invoice", models.Invoice),
    ("App", models.App),
]


def _camel(name: str) -> str:
    return "_count" if name == "counts" else re.sub(r"_(.)", lambda m: m[1].upper(), name)


def _fields(kind: type[attrs.AttrsInstance]) -> set[str]:
    return set(attrs.fields_dict(kind)) - {"extra"}


@pytest.mark.parametrize(("title", "kind"), MAPPED, ids=lambda each: getattr(each, "__name__", ""))
def test_the_typescript_page_maps_every_field(title: str, kind: type[attrs.AttrsInstance]) -> None:
    section = re.split(r"^##", TYPESCRIPT.partition(f"\n### {title}\n")[2], flags=re.MULTILINE)[0]
    rows = set(re.findall(r"^\| `(\w+)` \| `(\w+)` \|", section, re.MULTILINE))
    missing = {(_camel(name), name) for name in _fields(kind)} - rows
    assert not missing, (
        f"add rows under '### {title}' of docs/from-typescript.md: {sorted(missing)}"
    )


def test_the_typescript_page_names_the_fields_of_small_models() -> None:
    small = {"counts": models.CustomerCounts, "chain": models.Chain}
    for prefix, kind in small.items():
        for name in _fields(kind):
            assert f"| `{prefix}.{name}` |" in TYPESCRIPT
            assert f"| `{_camel(prefix)}.{_camel(name)}` |" in TYPESCRIPT
    for name in _fields(customers_sdk.Page):
        assert f"| `{name}` |" in TYPESCRIPT.partition("### Page")[2]


def test_the_typescript_page_names_every_option_of_the_client() -> None:
    options = TYPESCRIPT.partition("\n## Client options\n")[2].partition("\n## ")[0]
    for name in inspect.signature(customers_sdk.Client).parameters:
        assert f"`{name}`" in options, name


def test_the_typescript_page_names_every_error() -> None:
    for name in customers_sdk.__all__:
        if name.endswith("Error"):
            assert f"`{name}`" in TYPESCRIPT, name


def test_the_typescript_page_names_every_method_and_parameter() -> None:
    for name, method in vars(Customers).items():
        if name.startswith("_"):
            continue
        assert re.search(rf"`(client\.customers\.)?{name}\b", TYPESCRIPT), (
            f"docs/from-typescript.md does not name the method {name}"
        )
        for parameter in set(inspect.signature(method).parameters) - {"self", "fields"}:
            assert f"`{parameter}`" in TYPESCRIPT, (
                f"docs/from-typescript.md does not name {parameter} of {name}"
            )


def test_the_page_on_erasing_says_of_every_field_what_to_do() -> None:
    page = (DOCS / "erasing.md").read_text("utf-8")
    table, _, code = page.partition("```python")
    for name in CUSTOMER_FIELDS:
        assert f"`{name}`" in table, f"add {name} to the table of docs/erasing.md"
        assert f"{name}=" in code, f"overwrite {name} in the code of docs/erasing.md"


def test_the_reference_names_every_public_name() -> None:
    text = "".join(page.read_text("utf-8") for page in (DOCS / "reference").glob("*.md"))
    named = set(re.findall(r"^\.\. (?:auto\w+|py:data):: (?:[\w.]+\.)?(\w+)$", text, re.MULTILINE))
    public = {*customers_sdk.__all__, *bulk.__all__, *testing.__all__, *sandbox.__all__}
    public -= {"__version__"}
    assert public <= named


def test_the_page_about_errors_has_a_row_for_every_class_under_its_reference() -> None:
    rows = re.findall(
        r"^\| (E\d+) \| `(\w+)` \|", (DOCS / "errors.md").read_text("utf-8"), re.MULTILINE
    )
    kinds = [
        getattr(customers_sdk, name) for name in customers_sdk.__all__ if name.endswith("Error")
    ]
    kinds += [bulk.IncompleteExportError]
    wanted = {(kind.reference, kind.__name__) for kind in kinds}
    assert set(rows) == wanted - {("E01", "CustomersError")}
