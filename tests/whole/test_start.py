"""What can be wrong at the start is said in one sentence, with a non-zero exit and nothing half done."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.whole.running import ROOT, SAFAR, Running

pytestmark = pytest.mark.xdist_group("start")


def refused(environment: dict[str, str], command: list[str | Path] | None = None, cwd: Path = ROOT) -> str:
    done = subprocess.run(
        command or [SAFAR, "up", "--check"],
        env={**os.environ, **environment},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return done.stderr.strip().splitlines()[-1]


def test_a_busy_port(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        said = refused({"SAFAR_DATA_DIR": str(tmp_path / "d"), "SAFAR_WEB_PORT": port})
    assert (
        said == f"safar: Port {port} is in use by another program: end it, or choose another port with SAFAR_WEB_PORT=…"
    )


def test_a_port_that_is_none(tmp_path: Path) -> None:
    said = refused({"SAFAR_DATA_DIR": str(tmp_path / "d"), "SAFAR_WEB_PORT": "web"})
    assert said == "safar: Set SAFAR_WEB_PORT to a value of type int; 'web' is none."


def test_a_missing_secret(tmp_path: Path) -> None:
    running = Running(tmp_path / "d", {"SAFAR_TELEGRAM_TOKEN": "1:abc", "SAFAR_PUBLIC_URL": "https://mrc.example"})
    assert "SAFAR_TELEGRAM_SECRET" in refused(running.environment)


def test_a_key_that_is_gone(trained: Path, tmp_path: Path) -> None:
    running = Running(tmp_path / "d")
    subprocess.run([SAFAR, "outbox", "list"], env=running.environment, cwd=ROOT, check=True, capture_output=True)
    (tmp_path / "d" / "safar.key").unlink()
    assert "backup" in refused(running.environment)


def test_a_broken_entry_names_its_line(tmp_path: Path) -> None:
    copy = tmp_path / "checkout"
    ignore = shutil.ignore_patterns(".venv", ".git", "var", "__pycache__", ".*_cache", "models")
    shutil.copytree(ROOT, copy, ignore=ignore)
    entry = copy / "knowledge" / "entries" / "wages" / "wages_unpaid.yml"
    entry.write_text(entry.read_text(encoding="utf-8").replace("risk: medium", "risk: enormous"), encoding="utf-8")
    line = entry.read_text(encoding="utf-8").splitlines().index("risk: enormous") + 1
    command = [
        sys.executable,
        "-c",
        "import sys; sys.argv = ['safar', 'up', '--check']; from bot.cli import main; main()",
    ]
    data = {"SAFAR_DATA_DIR": str(tmp_path / "d"), "PYTHONPATH": str(copy)}
    ports = {key: value for key, value in Running(tmp_path / "d").environment.items() if key.endswith("_PORT")}
    said = refused({**data, **ports}, command, copy)
    assert said.startswith(f"safar: Mend knowledge/entries/wages/wages_unpaid.yml, line {line}:")


def test_another_python_is_named_before_anything_is_done() -> None:
    pretend = "import sys, runpy; sys.version_info = (3, 9, 2); sys.argv = ['bot', 'up']; "
    code = pretend + "runpy.run_module('bot', run_name='__main__')"
    said = refused({}, [sys.executable, "-c", code])
    assert said == "safar: Python 3.11 is needed and this is 3.9: run it with python3.11 (python3.11 -m bot up)."


@pytest.mark.skipif("CI" not in os.environ, reason="installs everything anew: some two minutes, done in CI")
def test_the_first_command_works_in_a_clean_clone(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(ROOT), str(clone)], check=True)
    ports = {key: value for key, value in Running(tmp_path / "d").environment.items() if key.endswith("_PORT")}
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("SAFAR_", "VIRTUAL_ENV", "PYTHON"))}
    python = (
        shutil.which("python3.11", path=os.environ["PATH"].replace(str(ROOT / ".venv" / "bin"), "")) or sys.executable
    )
    done = subprocess.run(
        [python, "-m", "bot", "up", "--check"],
        cwd=clone,
        env={**clean, **ports},
        capture_output=True,
        text=True,
        timeout=560,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Safar answers" in done.stderr
    assert (clone / ".venv" / "bin" / "safar").exists()
