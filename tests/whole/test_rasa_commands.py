"""The usual `rasa` commands work in the checkout, and the conversation tests hold."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.whole.running import ROOT

pytestmark = [pytest.mark.rasa, pytest.mark.xdist_group("rasa")]
QUIET = {"RASA_TELEMETRY_ENABLED": "false", "PYTHONWARNINGS": "ignore", "TF_CPP_MIN_LOG_LEVEL": "3"}


def rasa(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "rasa", *arguments],
        cwd=ROOT,
        env={**os.environ, **QUIET, "SAFAR_DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def test_the_conversation_tests_hold(trained: Path, tmp_path: Path) -> None:
    done = rasa(
        tmp_path,
        "test",
        "core",
        "--stories",
        "tests/dialogues",
        "--model",
        str(trained),
        "--out",
        str(tmp_path / "results"),
        "--fail-on-prediction-errors",
        "--no-plot",
    )
    failed = tmp_path / "results" / "failed_test_stories.yml"
    assert done.returncode == 0, failed.read_text(encoding="utf-8") if failed.exists() else done.stderr[-3000:]
    passed = (tmp_path / "results" / "story_report.json").read_text(encoding="utf-8")
    assert '"conversation_accuracy"' in passed


def test_the_training_data_are_valid(tmp_path: Path) -> None:
    done = rasa(tmp_path, "data", "validate", "--fail-on-warnings")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
