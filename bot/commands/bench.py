"""`safar bench`: the measurements live in `benchmarks/`, beside the package."""

import subprocess
import sys

from bot.settings import ROOT


def run() -> None:
    """Run them in a process of their own; the exit code is theirs."""
    sys.exit(subprocess.run([sys.executable, "-m", "benchmarks.speed"], check=False, cwd=ROOT).returncode)
