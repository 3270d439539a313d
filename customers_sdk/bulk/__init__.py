"""Customers in bulk: import rows, export all, and split either over several machines.

An import upserts by external id and keeps a journal, so that one that was killed is
resumable and creates no customer twice::

    from customers_sdk import Client
    from customers_sdk.bulk import CsvRows, import_rows

    rows = CsvRows("users.csv", external_id="user_id", fields={"email": "mail"})
    report = import_rows(Client(), rows, journal="users.csv.journal", workers=8)
    for rejection in report.rejections:
        print(rejection.line, rejection.reason)

The command line's ``customers import`` and ``customers export`` are these functions.
"""

from __future__ import annotations

from customers_sdk.bulk._csvrows import CsvRows
from customers_sdk.bulk._errors import ArgumentError
from customers_sdk.bulk._exporting import ExportProgress, export_customers
from customers_sdk.bulk._importing import import_rows
from customers_sdk.bulk._parts import (
    IncompleteExportError,
    export_part,
    merge_exports,
    plan_export,
    share,
)
from customers_sdk.bulk._rejects import RejectFile
from customers_sdk.bulk._rows import ImportReport, Progress, Rejection, Row, check_rows

__all__ = [
    "ArgumentError",
    "CsvRows",
    "ExportProgress",
    "ImportReport",
    "IncompleteExportError",
    "Progress",
    "RejectFile",
    "Rejection",
    "Row",
    "check_rows",
    "export_customers",
    "export_part",
    "import_rows",
    "merge_exports",
    "plan_export",
    "share",
]
