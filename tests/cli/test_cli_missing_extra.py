"""Without the extra, the command says what to install."""

from __future__ import annotations

import pytest

from tests.cli.cli_running import python

SCRIPT = "import sys; sys.modules[{name!r}] = None; from customers_sdk.cli import main; "


@pytest.mark.parametrize(("name", "arguments"), [("click", "['--help']"), ("rich", "['doctor']")])
def test_a_missing_extra_is_named_in_one_line(name: str, arguments: str) -> None:
    done = python(SCRIPT.format(name=name) + f"sys.exit(main({arguments}))")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert name in line
    assert line.endswith(f": pip install {name}")


def test_a_missing_extra_is_still_exit_code_2_where_standard_error_has_no_reader() -> None:
    script = "import os; reader, writer = os.pipe(); os.close(reader); os.dup2(writer, 2); "
    done = python(script + SCRIPT.format(name="click") + "sys.exit(main([]))")
    assert (done.returncode, done.stdout) == (2, "")
