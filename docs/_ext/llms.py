"""The Markdown of each page next to its HTML, and ``llms.txt``, which lists them with a summary.

What a page includes, shows of a file, or takes from docstrings is written out.
"""

import re
import shutil
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.directives.code import LiteralIncludeReader
from sphinx.writers.text import TextTranslator

_FENCE = re.compile(r"^(`{3,}|:{3,}).*?^\1$", re.DOTALL | re.MULTILINE)
_INCLUDE = re.compile(r"^```{(include|literalinclude)} (\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_HIDDEN = re.compile(r"^```{(?:index|toctree)}.*?^```\n+", re.DOTALL | re.MULTILINE)
_OPTION = re.compile(r"^:([\w-]+): ?(.*)$", re.MULTILINE)
_ROLE = re.compile(r"{py:\w+}`(?:([^`<]+) <[^`>]+>|~?[\w.]*?(\w+))`")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_FILE = re.compile(r"\]\(([\w./-]+\.(?!md\b)\w+)\)")
_UNDERLINED = re.compile(r"^(\S.*)\n(=|-|~)\2{2,}$", re.MULTILINE)


def _included(found: "re.Match[str]", source: Path, app: Sphinx) -> str:
    """The text that an include stands for."""
    kind, name, rest = found.groups()
    options = {key: value.strip('"') or None for key, value in _OPTION.findall(rest)}
    path = source.parent / name
    if kind == "include":
        folder = options.get("relative-docs") or ""
        return path.read_text("utf-8").replace(f"]({folder}", "](")
    code, _ = LiteralIncludeReader(str(path), options, app.config).read()
    return f"```{options['language']}\n{code.rstrip()}\n```"


def _source(page: str, app: Sphinx) -> str:
    """A page's Markdown with what it includes, and without what only Sphinx reads."""
    source = Path(app.env.doc2path(page))
    text = _HIDDEN.sub("", source.read_text("utf-8"))
    text = _INCLUDE.sub(lambda found: _included(found, source, app), text)
    return _ROLE.sub(lambda found: found[1] or f"`{found[2]}`", text)


def _from_docstrings(page: str, app: Sphinx) -> str:
    """A page of the reference, as Sphinx writes it in plain text."""
    app.config.text_sectionchars = "=-~"
    tree = app.env.get_and_resolve_doctree(page, app.builder)
    writer = TextTranslator(tree, app.builder)
    tree.walkabout(writer)
    return _UNDERLINED.sub(lambda found: f"{'#' * ' =-~'.index(found[2])} {found[1]}", writer.body)


def _summary(text: str) -> "tuple[str, str]":
    """A page's title, and its first paragraph on one line."""
    prose = _FENCE.sub("", text)
    title = re.search(r"^# (.+)$", prose, re.MULTILINE)
    paragraphs = re.findall(r"(?:\A|\n\n)([A-Z`\[*].+?)(?:\n\n|\Z)", prose, re.DOTALL)
    first = _LINK.sub(r"\1", paragraphs[0]) if paragraphs else ""
    return (title[1] if title else ""), " ".join(first.split())


def write(app: Sphinx, failure: "Exception | None") -> None:
    """Write them once the HTML is there, and next to them the files that they link to."""
    if failure or app.builder.format != "html":
        return
    out = Path(app.outdir)
    lines = [f"# {app.config.project}", ""]
    for page in sorted(app.env.found_docs, key=lambda name: (name != "index", name)):
        text = _source(page, app)
        target = out / f"{page}.md"
        target.parent.mkdir(parents=True, exist_ok=True)
        title, summary = _summary(text)
        lines.append(f"- [{title}]({page}.md): {summary}")
        for name in _FILE.findall(text):
            (target.parent / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(app.srcdir, page).parent / name, target.parent / name)
        target.write_text(_from_docstrings(page, app) if "{eval-rst}" in text else text, "utf-8")
    (out / "llms.txt").write_text("\n".join(lines) + "\n", "utf-8")


def setup(app: Sphinx) -> "dict[str, bool]":
    """Write them at the end of every build of HTML."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
