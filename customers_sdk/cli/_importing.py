"""``customers import``."""

from __future__ import annotations

import codecs
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from customers_sdk.cli._client import connect_patiently
from customers_sdk.cli._exit import Exit, code_of
from customers_sdk.cli._options import for_people, named_by_option
from customers_sdk.cli._output import say, write_json, write_text
from customers_sdk.cli._progress import progress_bar

if TYPE_CHECKING:
    from customers_sdk.bulk import CsvRows, ImportReport, Progress, RejectFile, Rejection

_FIRST = 10  # rejected rows that standard error names; the reject file has them all
_WOULD = {"created": "would create", "updated": "would update"}
_TOLD = {
    "created": "created",
    "updated": "updated",
    "unchanged": "unchanged",
    "resumed": "done before",
    "rejected": "rejected",
    "failed": "failed for now",
}
_FILE = click.Path(dir_okay=False, path_type=Path)


def _delimiter(_: click.Context, __: click.Parameter, value: str) -> str:
    value = {"tab": "\t", "\\t": "\t"}.get(value, value)
    if len(value) != 1 or value in '"\r\n':
        raise click.BadParameter('it must be one character, or "tab".')
    return value


def _encoding(_: click.Context, __: click.Parameter, value: str) -> str:
    try:
        codecs.lookup(value)
    except LookupError:
        raise click.BadParameter("it is not an encoding that Python knows.") from None
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
    default="external_id",
    show_default=True,
    metavar="COLUMN",
    help="The column with your own ids, by which customers are told apart.",
)
@click.option(
    "--map",
    "fields",
    multiple=True,
    metavar="FIELD=COLUMN",
    callback=_mapping,
    help="Fill a field (email, name, …, metadata, metadata.KEY) from a column; repeatable. "
    "Without it, columns that are named like a field fill it.",
)
@click.option("--strict", is_flag=True, help="Refuse a file with columns that fill no field.")
@click.option(
    "--adopt",
    is_flag=True,
    help="If no customer has a row's external id, give it to the one who has the row's email and "
    "no external id.",
)
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@click.option(
    "--workers",
    type=click.IntRange(1, 32),
    default=1,
    show_default=True,
    metavar="N",
    help="Number of rows to import in parallel.",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="R",
    help="Maximum number of rows to send a second.",
)
@click.option(
    "--journal",
    type=_FILE,
    metavar="FILE",
    help="Where to note the rows that are done.  [default: FILE.journal]",
)
@click.option(
    "--no-journal", is_flag=True, help="Keep no journal: an interrupted run starts again."
)
@click.option(
    "--rejects",
    type=_FILE,
    metavar="FILE",
    help="Where to write rows that were not imported, and why.  [default: FILE.rejects.csv]",
)
@click.option(
    "--delimiter",
    default=",",
    show_default=True,
    metavar="C",
    callback=_delimiter,
    help='Character between cells, or "tab".',
)
@click.option(
    "--encoding",
    default="utf-8-sig",
    show_default=True,
    metavar="NAME",
    callback=_encoding,
    help="Encoding of FILE, such as utf-16 or cp1252.",
)
@for_people
@click.pass_obj
def import_(
    hints: list[str],
    /,
    file: Path,
    *,
    journal: Path | None,
    no_journal: bool,
    rejects: Path | None,
    dry_run: bool,
    workers: int,
    rate: float | None,
    adopt: bool,
    for_people: bool,
    **reading: Any,
) -> Exit:
    """Create or update the customers in a CSV FILE, by your own ids.

    An empty cell is not sent. Rows that cannot be imported go to the reject file, with their
    line and the reason, to be fixed and imported again; the others are imported. To resume an
    interrupted run, run the same command again.
    """
    from customers_sdk.bulk import CsvRows, RejectFile

    if journal is not None and no_journal:
        raise click.UsageError("--journal and --no-journal exclude each other.")
    if not (no_journal or dry_run):
        journal = journal or file.with_name(f"{file.name}.journal")
    # A dry run changes nothing, and so not what an earlier run has left either.
    reject_path = rejects or (None if dry_run else RejectFile.default_path(file))
    named = [path.resolve() for path in (file, journal, reject_path) if path is not None]
    if len(set(named)) < len(named):
        raise click.UsageError("FILE, --journal and --rejects must be different files.")
    with named_by_option():
        rows = CsvRows(file, **reading)
        reject_file = None if reject_path is None else RejectFile(reject_path, rows)
        if rows.unused:
            say(f"{file.name}: {rows.describe_unused()}")
        plan: dict[str, Any] = {"workers": workers, "rate": rate, "adopt": adopt}
        plan.update(dry_run=dry_run, journal=None if dry_run else journal)
        report = _run(rows, plan, reject_file, hints)
    _summarise(report, file, reject_file, for_people=for_people)
    return Exit.DONE if report.complete else Exit.IN_PART


def _run(
    rows: CsvRows, plan: dict[str, Any], reject_file: RejectFile | None, hints: list[str]
) -> ImportReport:
    """Import the rows; before the first request, say what is wrong with them."""
    from customers_sdk.bulk import Progress, import_rows
    from customers_sdk.pagination import IncompleteListWarning

    checked: set[int] = set()
    progress = Progress(done=0, total=0)

    def tell_rejections(rejections: Sequence[Rejection]) -> None:
        checked.update(rejection.line for rejection in rejections)
        _name(rows.path, rejections)
        # One of an earlier run stays until this one knows what to put in its place.
        if reject_file is not None and rejections and not reject_file.path.exists():
            reject_file.write(rejections)

    def tell(now: Progress) -> None:
        nonlocal progress
        progress = now
        show(now)

    try:
        label = "Dry run" if plan["dry_run"] else "Import"
        with connect_patiently() as client, progress_bar(label) as show, warnings.catch_warnings():
            # An import looks up what a list has missed.
            warnings.simplefilter("ignore", IncompleteListWarning)
            report = import_rows(client, rows, **plan, on_checked=tell_rejections, progress=tell)
        _name(rows.path, [each for each in report.rejections if each.line not in checked])
        if reject_file is not None:
            reject_file.write(report.rejections)
    except BaseException as error:
        if progress.done > progress.rejected:
            done = _told(progress, dry_run=plan["dry_run"])
            say(f"{rows.path.name}: {done}, of {progress.total:,} rows.")
        if plan["journal"] is not None:
            hints += _how_to_resume(progress, error)
        raise
    return report


def _how_to_resume(progress: Progress, error: BaseException) -> list[str]:
    """Tell what to do about an import that was cut short."""
    if progress.done > progress.rejected + progress.failed:
        return ["Run the same command again to resume."]
    if isinstance(error, Exception) and code_of(error) is Exit.UNREACHABLE:
        return ["Run the same command again later."]
    return []


def _name(file: Path, rejections: Sequence[Rejection]) -> None:
    """Name the first few on standard error."""
    for each in rejections[:_FIRST]:
        later = "" if each.final else " (for now)"
        say(f"{file.name}:{each.line}: {each.reason}{later}")
    if len(rejections) > _FIRST:
        say(f"… and {len(rejections) - _FIRST:,} more")


def _summarise(
    report: ImportReport, file: Path, reject_file: RejectFile | None, *, for_people: bool
) -> None:
    written = str(reject_file.path) if report.rejections and reject_file else None
    if written and reject_file and reject_file.changed:
        kept = " and ".join(each.name for each in reject_file.changed)
        say(f"{kept}: changed since it was written, and left as it is.")
    if not for_people:
        counts = {name: getattr(report, name) for name in _TOLD}
        record = {"file": str(file), "dryRun": report.dry_run, **counts, "rejects": written}
        write_json(record)
        return
    line = f"{file}: {_told(report, dry_run=report.dry_run) or 'no rows'}"
    if report.dry_run:
        line += " (dry run: nothing was changed; only the service itself checks emails and the app)"
    if written:
        line += f"; see {written}"
    if report.failed:
        line += "; run the same command again to retry the failed rows"
    write_text(line)


def _told(source: Progress | ImportReport, *, dry_run: bool) -> str:
    """Word what was done, or in a dry run would be."""
    return ", ".join(
        f"{_WOULD[name]} {count:,}" if dry_run and name in _WOULD else f"{count:,} {told}"
        for name, told in _TOLD.items()
        if (count := getattr(source, name))
    )
