"""What stands beside the code says what is so: CONTRIBUTING, the metadata, CI."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.source import ROOT

GUIDE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
CI = (ROOT / ".ci" / "run").read_text("utf-8")


def _metadata() -> configparser.SectionProxy:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg", "utf-8")
    return settings["metadata"]


def test_every_file_that_the_guide_names_is_there() -> None:
    named = re.findall(r"`((?:customers_sdk|tests|docs|bench|tools|\.ci)/[\w./]*)`", GUIDE)
    assert len(named) > 15
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_target_that_the_guide_names_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {word for line in re.findall(r"make ((?:[a-z]+ ?)+)", GUIDE) for word in line.split()}
    assert named - targets - {"make"} <= set()


def test_ci_tries_every_python_that_the_package_names() -> None:
    minors = re.findall(r"Python :: 3\.(\d+)", _metadata()["classifiers"])
    oldest, newest = re.findall(r"^OLDEST_MINOR=(\d+) NEWEST_MINOR=(\d+)$", CI, re.MULTILINE)[0]
    assert list(map(int, minors)) == list(range(int(oldest), int(newest) + 1))


def _make(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = shutil.which("make")
    if command is None:
        pytest.skip("make is not installed")
    environment = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    return subprocess.run(  # noqa: S603 - our own Makefile
        [command, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_make_tells_a_python_that_is_not_there_from_one_that_is_too_old(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_text("#!/bin/sh\nexit 1\n", "utf-8")
    old.chmod(0o700)
    for python, told in (
        ("no-such-python", "There is no command 'no-such-python'."),
        (str(old), f"needs Python 3.9 or newer; '{old}' is not one."),
    ):
        done = _make("demo", f"PYTHON={python}", f"VENV={tmp_path / 'env'}")
        assert done.returncode != 0
        assert told in done.stderr
    assert not (tmp_path / "env").exists()


def test_make_says_that_it_ignores_a_python_where_there_is_an_environment(tmp_path: Path) -> None:
    there = tmp_path / "env" / "bin"
    there.mkdir(parents=True)
    (there / "python").symlink_to(sys.executable)
    other = tmp_path / "other"
    other.write_text("#!/bin/sh\necho 3.8.1\n", "utf-8")
    other.chmod(0o700)
    ignored = f"PYTHON={other} is ignored"
    env = f"VENV={there.parent}"
    assert ignored in _make("-n", "demo", env, f"PYTHON={other}").stdout
    assert "ignored" not in _make("-n", "demo", env, f"PYTHON={sys.executable}").stdout
    assert "ignored" not in _make("-n", "demo", env).stdout
