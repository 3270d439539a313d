"""The Markdown of each page next to its HTML, and ``llms.txt``, which lists them with a summary."""

import re
import shutil
from pathlib import Path

from sphinx.application import Sphinx

_FENCE = re.compile(r"^(`{3,}|:{3,}).*?^\1$", re.DOTALL | re.MULTILINE)


def _summary(text: str) -> "tuple[str, str]":
    """A page's title, and its first paragraph on one line."""
    prose = _FENCE.sub("", text)
    title = re.search(r"^# (.+)$", prose, re.MULTILINE)
    paragraphs = re.findall(r"(?:\A|\n\n)([A-Z`\[*].+?)(?:\n\n|\Z)", prose, re.DOTALL)
    return (title[1] if title else ""), " ".join(paragraphs[0].split()) if paragraphs else ""


def write(app: Sphinx, failure: "Exception | None") -> None:
    """Write them once the HTML is there."""
    if failure or app.builder.format != "html":
        return
    out = Path(app.outdir)
    lines = [f"# {app.config.project}", ""]
    for page in sorted(app.env.found_docs, key=lambda name: (name != "index", name)):
        source = Path(app.env.doc2path(page))
        target = out / f"{page}.md"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        title, summary = _summary(source.read_text("utf-8"))
        lines.append(f"- [{title}]({page}.md): {summary}")
    (out / "llms.txt").write_text("\n".join(lines) + "\n", "utf-8")


def setup(app: Sphinx) -> "dict[str, bool]":
    """Write them at the end of every build of HTML."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
