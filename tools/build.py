"""Build wheel and sdist so that the same commit always gives the same bytes.

Usage: python tools/build.py DIRECTORY
"""

import contextlib
import gzip
import io
import os
import subprocess
import sys
import tarfile
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


def normalise(sdist: Path, epoch: int) -> None:
    """Give an sdist fixed times, owners, modes and order, where setuptools keeps the machine's."""
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
            new.addfile(member, old.extractfile(member) if member.isfile() else None)
    sdist.write_bytes(packed.getvalue())


def main(directory: str) -> None:
    """Build both into `directory` and name them."""
    os.environ.setdefault("SOURCE_DATE_EPOCH", commit_time())
    os.umask(0o022)
    out = Path(directory).resolve()
    for stale in [*out.glob("customers_sdk-*.whl"), *out.glob("customers_sdk-*.tar.gz")]:
        stale.unlink()
    done = subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(out), str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{done.stdout}\n{done.stderr}\nThe build failed.")
    for sdist in out.glob("customers_sdk-*.tar.gz"):
        normalise(sdist, int(os.environ["SOURCE_DATE_EPOCH"]))
    for built in sorted(out.glob("customers_sdk-*")):
        print(f"Built {built.name}, {built.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
