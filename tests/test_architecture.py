"""Imports point one way, modules stay small, nothing runs at import."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import ROOT

MODULES = sorted(path for folder in ("bot", "actions", "knowledge") for path in (ROOT / folder).rglob("*.py"))
# Who may import whom, by the first two parts of a module's name; `bot` alone is a module directly in the package.
ALLOWED = {
    "bot.model": {"bot.model"},
    "knowledge": {"knowledge"},
    "bot.storage": {"bot.model", "bot.storage"},
    "bot.outbox": {"bot.model", "bot.storage", "bot.outbox", "bot.channels.base"},
    "bot.inbox": {
        "bot.model",
        "bot.storage",
        "bot.outbox",
        "bot.inbox",
        "bot.channels.base",
        "bot.phrases",
        "bot.shaping",
    },
    "bot.handoff": {"bot.model", "bot.storage", "bot.handoff", "bot.phrases", "bot.shaping"},
    "bot.safety": {"bot.model", "bot.safety", "bot.phrases", "bot.i18n", "knowledge"},
    "bot.channels": {"bot.model", "bot.channels", "bot.settings", "bot.i18n", "bot.outbox.retry"},
    "bot.webchat": {"bot.model", "bot.webchat", "bot.settings", "bot.i18n", "bot.storage"},
    "bot.dialogue": {
        "bot.model",
        "bot.dialogue",
        "bot.settings",
        "bot.i18n",
        "bot.phrases",
        "bot.storage",
        "knowledge",
        "bot.safety_training",
    },
    "actions": {"actions", "bot.dialogue", "bot.model"},
}
CALLS_AT_IMPORT = {"main", "run", "configure", "install", "basicConfig", "connect", "create_engine"}


def named(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.partition(".")[0] in {"bot", "actions", "knowledge"}}


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_imports_point_one_way(path: Path) -> None:
    layer = next((name for name in ALLOWED if named(path) == name or named(path).startswith(f"{name}.")), None)
    if layer is None:
        return  # commands, wiring and what stands beside the layers may know everybody
    allowed = ALLOWED[layer]
    wrong = [name for name in imports(path) if not any(name == ok or name.startswith(f"{ok}.") for ok in allowed)]
    assert wrong == []


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_says_what_it_is_for_and_stays_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    if text.strip():
        assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_nothing_runs_at_import(path: Path) -> None:
    if "migrations" in path.parts:
        return  # Alembic runs these files; nothing imports them
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            called = node.value.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            assert name not in CALLS_AT_IMPORT


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_only_settings_reads_the_environment(path: Path) -> None:
    allowed = {"bot.settings", "bot.__main__", "bot.rasa_process"}
    text = path.read_text(encoding="utf-8")
    reads = any(word in text for word in ("os.environ.get", "os.getenv", "os.environ["))
    writes_only = named(path) in {"bot.dialogue.serve"}
    assert not reads or named(path) in allowed or writes_only


def test_the_command_is_quick_to_say_what_it_can_do() -> None:
    heavy = "{'rasa', 'numpy', 'sqlalchemy', 'telegram'}"
    code = f"import sys; import bot.cli; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "set()"
