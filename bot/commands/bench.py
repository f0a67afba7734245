"""`safar bench`: the measurements live in `benchmarks/`, beside the package."""

import subprocess
import sys

from bot.settings import ROOT


def run(epochs: int) -> None:
    """Run them in a process of their own; the exit code is theirs."""
    command = [sys.executable, "-m", "benchmarks.speed", str(epochs)]
    sys.exit(subprocess.run(command, check=False, cwd=ROOT).returncode)
