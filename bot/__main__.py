"""`python3.11 -m bot …`: the first command. Standard library only, because nothing is installed yet.

Makes `.venv` in the checkout, installs what `requirements.lock` pins (by hash), and hands over to the `safar` command
in it. What is already there and unchanged is not done again.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / "safar.installed"
NEEDED_BYTES = 4 * 1024**3


def main() -> int:
    """Set up if needed, then become `.venv/bin/safar` with the same arguments."""
    problem = _unfit()
    if problem is None and not _installed():
        problem = _install()
    if problem:
        print(f"safar: {problem}", file=sys.stderr)  # noqa: T201 - the only voice before anything is installed
        return 1
    command = str(VENV / "bin" / "safar")
    return os.execv(command, [command, *(sys.argv[1:] or ["up"])])  # noqa: S606


def _unfit() -> str | None:
    if sys.version_info[:2] != (3, 11):
        found = f"{sys.version_info[0]}.{sys.version_info[1]}"
        return f"Python 3.11 is needed and this is {found}: run it with python3.11 (python3.11 -m bot up)."
    if not LOCK.exists():
        return f"{LOCK.name} is missing: run this in a complete checkout of Safar."
    if not _installed() and shutil.disk_usage(ROOT).free < NEEDED_BYTES:
        return "The disk is nearly full: free 4 GB (the libraries need them) and start again."
    return None


def _digest() -> str:
    project = (ROOT / "pyproject.toml").read_bytes()
    return hashlib.sha256(LOCK.read_bytes() + project).hexdigest()


def _installed() -> bool:
    try:
        return STAMP.read_text(encoding="utf-8") == _digest() and PYTHON.exists()
    except OSError:
        return False


def _install() -> str | None:
    """Install into `.venv`; the stamp is written last, so that a broken set-up is taken up again."""
    pip = [sys.executable, "-m", "pip", "--python", str(PYTHON), "--disable-pip-version-check", "install"]
    locked = ["--no-deps", "--require-hashes", "--ignore-requires-python", "-r", str(LOCK)]
    itself = ["--no-deps", "--no-build-isolation", "--quiet", "--editable", str(ROOT)]
    if not PYTHON.exists() and _run([sys.executable, "-m", "venv", "--without-pip", str(VENV)]):
        return f"{VENV.name} could not be made: delete it, see that the disk is writable, and start again."
    if _run([sys.executable, "-m", "pip", "--version"], quiet=True):
        return "This Python has no pip: install it (on Debian: apt install python3-pip) and start again."
    if _run([*pip, *locked]) or _run([*pip, *itself]):
        return "The libraries could not be installed (see above): check network and disk, and start again."
    STAMP.write_text(_digest(), encoding="utf-8")
    return None


def _run(command: list[str], quiet: bool = False) -> int:
    environment = {**os.environ, "PIP_ROOT_USER_ACTION": "ignore"}
    output = subprocess.DEVNULL if quiet else None
    return subprocess.run(command, check=False, env=environment, stdout=output, cwd=ROOT).returncode


if __name__ == "__main__":
    raise SystemExit(main())
