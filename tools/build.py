"""Build wheel and sdist so that the same commit always gives the same bytes.

A registry shows the README without the files around it: there its links lead to the repository.

Usage: python tools/build.py DIRECTORY
"""

import configparser
import contextlib
import gzip
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Zip files cannot say anything earlier; for a tree without git.
EARLIEST = "315532800"


def commit_time() -> str:
    """Seconds since 1970 of the newest commit, or a fixed instant outside git."""
    git = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return git.stdout.strip() or EARLIEST


def absolute(readme: bytes) -> bytes:
    """Let the relative links and pictures of the README lead to the repository."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", "utf-8")
    source = re.search(r"Source = (\S+)", setup["metadata"]["project_urls"])[1].encode()
    readme = re.sub(rb"(!\[[^]]*\]\()(?!\w+:)", rb"\1" + source + b"/raw/main/", readme)
    return re.sub(rb"(\]\()(?!\w+:)", rb"\1" + source + b"/blob/main/", readme)


def build(*arguments: object) -> None:
    """Run `build`, and show what it said if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "build", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{done.stdout}\n{done.stderr}\nThe build failed.")


def normalise(sdist: Path, epoch: int) -> None:
    """Give an sdist fixed times, owners, modes and order, and a README that stands alone."""
    packed = io.BytesIO()
    with contextlib.ExitStack() as stack:  # Python 3.9 has no parenthesised `with`
        old = stack.enter_context(tarfile.open(sdist))
        zipped = stack.enter_context(gzip.GzipFile("", "wb", fileobj=packed, mtime=epoch))
        new = stack.enter_context(tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT))
        for member in sorted(old.getmembers(), key=lambda member: member.name):
            member.uid = member.gid = 0
            member.uname = member.gname = ""
            member.mtime = epoch
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            member.pax_headers = {}
            content = old.extractfile(member).read() if member.isfile() else b""
            if Path(member.name).name in ("README.md", "PKG-INFO"):
                content = absolute(content)
            member.size = len(content)
            new.addfile(member, io.BytesIO(content))
    sdist.write_bytes(packed.getvalue())


def main(directory: str) -> None:
    """Build both into `directory` and name them."""
    os.environ.setdefault("SOURCE_DATE_EPOCH", commit_time())
    os.umask(0o022)
    out = Path(directory).resolve()
    for stale in [*out.glob("customers_sdk-*.whl"), *out.glob("customers_sdk-*.tar.gz")]:
        stale.unlink()
    build("--sdist", "--outdir", out, ROOT)
    (sdist,) = out.glob("customers_sdk-*.tar.gz")
    normalise(sdist, int(os.environ["SOURCE_DATE_EPOCH"]))
    with tempfile.TemporaryDirectory() as unpacked:
        shutil.unpack_archive(sdist, unpacked)
        build("--wheel", "--outdir", out, *Path(unpacked).iterdir())
    for built in sorted(out.glob("customers_sdk-*")):
        print(f"Built {built.name}, {built.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
