"""``customers import``."""

from __future__ import annotations

import codecs
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

import click

from customers_sdk.cli._client import connect_patiently
from customers_sdk.cli._exit import Exit, one_line
from customers_sdk.cli._options import as_json
from customers_sdk.cli._output import for_people, say, write_json, write_text
from customers_sdk.cli._progress import progress_bar
from customers_sdk.cli._rejects import RejectFile

if TYPE_CHECKING:
    from customers_sdk.bulk import CsvRows, ImportReport, Progress, Rejection

_FIRST = 10  # rejected rows that standard error names; the reject file has them all
_TOLD = {"resumed": "done before", "failed": "failed for now"}
_FILE = click.Path(dir_okay=False, path_type=Path)


class _Plan(NamedTuple):
    """What the options ask for."""

    journal: Optional[Path]
    workers: int
    rate: Optional[float]
    dry_run: bool


def _delimiter(_: click.Context, __: click.Parameter, value: str) -> str:
    value = {"tab": "\t", "\\t": "\t"}.get(value, value)
    if len(value) != 1 or value in '"\r\n':
        raise click.BadParameter('it must be one character, or "tab".')
    return value


def _encoding(_: click.Context, __: click.Parameter, value: str) -> str:
    try:
        codecs.lookup(value)
    except LookupError:
        raise click.BadParameter("Python knows no encoding of this name.") from None
    return value


def _mapping(_: click.Context, __: click.Parameter, pairs: Sequence[str]) -> dict[str, str] | None:
    fields: dict[str, str] = {}
    for pair in pairs:
        field, equals, column = pair.partition("=")
        if not (field and equals and column):
            raise click.BadParameter(f"{pair!r} is not FIELD=COLUMN.")
        if field in fields:
            raise click.BadParameter(f"{field} is named twice.")
        fields[field] = column
    return fields or None


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--external-id",
    required=True,
    metavar="COLUMN",
    help="The column with your own ids, by which customers are told apart.",
)
@click.option(
    "--map",
    "fields",
    multiple=True,
    metavar="FIELD=COLUMN",
    callback=_mapping,
    help="Fill a field (email, name, …, metadata, metadata.KEY) from a column; may be given "
    "again. Without any, columns that are called like a field fill it.",
)
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@click.option(
    "--workers",
    type=click.IntRange(1, 32),
    default=1,
    show_default=True,
    metavar="N",
    help="Rows to import at a time.",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="R",
    help="No more than R rows a second.",
)
@click.option(
    "--journal", type=_FILE, metavar="FILE", help="What has been done.  [default: FILE.journal]"
)
@click.option("--no-journal", is_flag=True, help="Keep none: a killed run begins anew.")
@click.option(
    "--rejects",
    type=_FILE,
    metavar="FILE",
    help="The rows that were not imported, and why.  [default: FILE.rejects.csv]",
)
@click.option(
    "--delimiter",
    default=",",
    show_default=True,
    metavar="C",
    callback=_delimiter,
    help='Between cells; "tab" for a tab.',
)
@click.option(
    "--encoding",
    default="utf-8-sig",
    show_default=True,
    metavar="NAME",
    callback=_encoding,
    help="Of the file.",
)
@as_json
@click.pass_obj
def import_(
    hints: list[str],
    file: Path,
    *,
    external_id: str,
    fields: Optional[dict[str, str]],
    dry_run: bool,
    workers: int,
    rate: Optional[float],
    journal: Optional[Path],
    no_journal: bool,
    rejects: Optional[Path],
    delimiter: str,
    encoding: str,
    as_json: bool,
) -> Exit:
    """Create or update the customers in a CSV FILE, by your own ids.

    An empty cell is not sent. Rows that cannot be imported go to the reject file, with their
    line and the reason, to be mended and imported again; the others are imported. A run that
    was cut short goes on where it stopped if the same command is given again.
    """
    from customers_sdk.bulk import CsvRows

    if journal is not None and no_journal:
        raise click.UsageError("--journal and --no-journal exclude each other.")
    if not (no_journal or dry_run):
        journal = journal or _beside(file, ".journal")
    # A dry run changes nothing, and so not what an earlier run has left either.
    reject_path = rejects or (None if dry_run else _beside(file, ".rejects.csv"))
    _must_differ(file, journal, reject_path)
    rows = CsvRows(
        file, external_id=external_id, fields=fields, encoding=encoding, delimiter=delimiter
    )
    reject_file = None
    if reject_path is not None:
        reject_file = RejectFile(reject_path, rows.columns, encoding, delimiter)
    plan = _Plan(None if dry_run else journal, workers, rate, dry_run)
    report = _run(rows, plan, reject_file, hints)
    _summarise(report, file, reject_path, as_json=as_json)
    return Exit.DONE if report.complete else Exit.IN_PART


def _run(
    rows: CsvRows, plan: _Plan, reject_file: Optional[RejectFile], hints: list[str]
) -> ImportReport:
    """Check all rows, say what is wrong, and import the rest."""
    from customers_sdk.bulk import check_rows, import_rows
    from customers_sdk.pagination import IncompleteListWarning

    with connect_patiently() as client:
        invalid = check_rows(rows)
        _name(rows.path, invalid)
        if reject_file is not None and invalid:
            reject_file.write(invalid)
        if plan.journal is not None:
            hints.append("the same command goes on")
        with progress_bar("Dry run" if plan.dry_run else "Import") as show:

            def tell(progress: Progress) -> None:
                show(progress.done, progress.total)

            with warnings.catch_warnings():
                # It looks up for itself what a list has missed.
                warnings.simplefilter("ignore", IncompleteListWarning)
                report = import_rows(client, rows, **plan._asdict(), progress=tell)
    hints.clear()
    if reject_file is not None:
        reject_file.write(report.rejections)
    known = {rejection.line for rejection in invalid}
    _name(rows.path, [rejection for rejection in report.rejections if rejection.line not in known])
    return report


def _name(file: Path, rejections: Sequence[Rejection]) -> None:
    """Name the first few on standard error."""
    for each in rejections[:_FIRST]:
        later = "" if each.final else " (for now)"
        say(one_line(f"{file.name}:{each.line}: {each.reason}{later}"))
    if len(rejections) > _FIRST:
        say(f"… and {len(rejections) - _FIRST:,} more")


def _summarise(
    report: ImportReport, file: Path, reject_path: Optional[Path], *, as_json: bool
) -> None:
    failed = sum(not rejection.final for rejection in report.rejections)
    counts = {
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "resumed": report.resumed,
        "rejected": len(report.rejections) - failed,
        "failed": failed,
    }
    written = str(reject_path) if report.rejections and reject_path else None
    if not for_people(as_json=as_json):
        summary: dict[str, Any] = {"file": str(file), "dryRun": report.dry_run, **counts}
        write_json({**summary, "rejects": written})
        return
    told = ", ".join(
        f"{count:,} {_TOLD.get(name, name)}" for name, count in counts.items() if count
    )
    line = f"{file}: {told or 'no rows'}"
    if report.dry_run:
        line += " (dry run: nothing was changed)"
    if written:
        line += f"; see {written}"
    if failed:
        line += "; the same command tries the failed ones again"
    write_text(line)


def _beside(file: Path, ending: str) -> Path:
    return file.with_name(file.name + ending)


def _must_differ(*paths: Optional[Path]) -> None:
    """Refuse to write over the input, or one file over another."""
    named = [path.resolve() for path in paths if path is not None]
    if len(set(named)) < len(named):
        raise click.UsageError("FILE, --journal and --rejects must be different files.")
