"""What stands beside the code says what is so: CONTRIBUTING, the metadata, CI."""

from __future__ import annotations

import configparser
import re

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
