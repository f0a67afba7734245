"""A thirteenth language is one folder: Urdu is laid into a copy of the checkout, and asked in."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog

from bot import catalogues
from bot.i18n import DRAFT_COMMENT
from bot.settings import read
from tests.whole.running import ROOT

pytestmark = [pytest.mark.rasa, pytest.mark.xdist_group("rasa")]
URDU = Path(__file__).with_name("thirteenth") / "ur"
PASSPORT = {
    "title": "میرا مالک میرا پاسپورٹ رکھتا ہے",
    "answer": "اگر آپ ابھی خطرے میں ہیں تو {emergency} پر فون کریں۔\n"
    "آپ کا پاسپورٹ آپ کا ہے۔ مشورہ یہاں سے مل سکتا ہے:\n",
}
PARTS = (
    *("bot", "actions", "knowledge", "locales"),
    *("config.yml", "domain.yml", "endpoints.yml", "credentials.yml", "requirements.lock"),
)


@pytest.fixture(scope="module")
def checkout(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the assistant is made of, with one folder more."""
    copy = tmp_path_factory.mktemp("checkout")
    for part in PARTS:
        where = ROOT / part
        shutil.copytree(where, copy / part) if where.is_dir() else shutil.copy(where, copy / part)
    shutil.copytree(URDU, copy / "locales" / "ur")
    shutil.copytree(read().data_path / "cache", copy / "var" / "cache")
    translated(copy)
    return copy


def translated(copy: Path) -> None:
    """The title and the answer of one entry, as `safar translations update ur` would leave room for them."""
    sources = catalogues.template("knowledge")
    made = Catalog(locale="ur", domain="knowledge")
    for message in sources:
        field = str(message.context or "").removeprefix("passport_kept.")
        if field in PASSPORT and message.context == f"passport_kept.{field}":
            rest = "".join(word for word in str(message.id).split() if word.startswith("{hotline"))
            text = PASSPORT[field] + (rest if field == "answer" else "")
            made.add(message.id, text, context=message.context, user_comments=[DRAFT_COMMENT])
    catalogues.write(copy / "locales" / "ur" / "LC_MESSAGES" / "knowledge.po", made)


def run(checkout: Path, script: str, *arguments: str) -> str:
    environment = {**os.environ, "SAFAR_DATA_DIR": str(checkout / "var"), "PYTHONPATH": str(checkout)}
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(
        command, cwd=checkout, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def ask(checkout: Path, text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(checkout, "from bot.cli import main; main()", "ask", "--json", text))
    return found


@pytest.mark.parametrize(
    "text", ["میرا پاسپورٹ مالک کے پاس ہے اور وہ نہیں دیتا", "kafeel ne mera passport rakh liya hai wapas nahi deta"]
)
def test_somebody_asks_in_it(checkout: Path, text: str) -> None:
    found = ask(checkout, text)
    assert found["entry"] == "passport_kept" or "passport_kept" in [one["entry"] for one in found["choices"]]
    if text.isascii():
        return  # Hindi and Urdu are one language in Latin letters
    assert (found["language"], found["reply_language"]) == ("ur", "ur")
    assert PASSPORT["title"] in found["reply"] or "آپ کا پاسپورٹ آپ کا ہے" in found["reply"]


def test_what_is_not_translated_is_told_in_english_after_a_line_that_says_so(checkout: Path) -> None:
    found = ask(checkout, "کمپنی نے تین مہینے سے تنخواہ نہیں دی")
    assert (found["entry"], found["language"], found["reply_language"]) == ("wages_unpaid", "ur", "en")
    assert "We don't have this in your language yet" in found["reply"]


def test_it_is_offered_among_the_languages(checkout: Path) -> None:
    shown = run(
        checkout, "from bot.phrases import standard; print(standard().reply('utter_ask_language', 'en').buttons)"
    )
    assert "language:ur" in shown
