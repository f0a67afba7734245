"""What is documented is what there is."""

from pathlib import Path

import pytest
import yaml
from openapi_spec_validator import validate_spec
from typer.main import get_command

from bot.cli import app
from bot.commands.settings import page
from bot.i18n import Locales
from bot.settings import ROOT, Settings
from bot.webchat.routes import ChatRoutes

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_setting_is_documented_as_it_is() -> None:
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == page()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_interface_is_described_and_every_call_of_it() -> None:
    described = yaml.safe_load((ROOT / "docs" / "openapi.yml").read_text(encoding="utf-8"))
    validate_spec(described)
    there = {(path, method) for path, calls in described["paths"].items() for method in calls}
    routes = ChatRoutes(None, Locales(ROOT / "locales"), Settings()).routes()  # type: ignore[arg-type]
    served = {(route.path, method.lower()) for route in routes for method in route.methods or () if method != "HEAD"}
    assert there == served


def test_the_readme_names_every_command() -> None:
    commands = get_command(app).list_commands(None)  # type: ignore[attr-defined,arg-type]
    assert [name for name in commands if f"safar {name}" not in README] == []


def test_the_readme_shows_pictures_that_exist() -> None:
    shown = [part.partition(")")[0] for part in README.split("](")[1:]]
    missing = [link for link in shown if not link.startswith("http") and not (ROOT / link.partition("#")[0]).exists()]
    assert missing == []


@pytest.mark.parametrize("path", sorted((ROOT / "docs").rglob("*.md")), ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    links = [part.partition(")")[0] for part in path.read_text(encoding="utf-8").split("](")[1:]]
    local = [link.partition("#")[0] for link in links if link and not link.startswith(("http", "#", "mailto:"))]
    assert [link for link in local if not (path.parent / link).exists()] == []


def test_no_line_of_the_project_names_a_package_registry() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    assert "--index-url" not in lock
