"""`safar test`: style, types and the whole suite, as the README's second command."""

import subprocess
import sys

from bot.settings import ROOT

STEPS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("pytest", "-n", "2", "--dist", "loadgroup", "--ignore", "tests/browser"),
    ("pytest", "tests/browser"),  # Playwright keeps an event loop running: alone in its process
)


def run(arguments: list[str]) -> None:
    """All steps; arguments go to pytest, which then runs alone. The exit code is that of the first step that fails."""
    steps = STEPS if not arguments else (("pytest", *arguments),)
    for step in steps:
        code = subprocess.run([sys.executable, "-m", *step], check=False, cwd=ROOT).returncode
        if code:
            sys.exit(code)
