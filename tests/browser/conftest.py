"""A real Chromium on the real page of the running Safar. Without Chromium these tests are skipped; in CI they fail."""

import os
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.whole.conftest import safar
from tests.whole.running import Running

__all__ = ["safar"]
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        assert "CI" not in os.environ, "Chromium is missing"
        pytest.skip("Chromium is not installed (on Debian: apt install chromium)")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from playwright.sync_api import sync_playwright
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Any) -> Iterator[Any]:
    """A phone with a browser that has never been here; whatever leaves for another host is an error."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="en")
    context.strangers = []
    context.on(
        "request", lambda r: None if re.match(r"http://127\.0\.0\.1|data:", r.url) else context.strangers.append(r.url)
    )
    yield context
    assert context.strangers == []
    context.close()


@pytest.fixture
def chat(context: Any, safar: Running) -> Any:
    """The page in English, nothing written yet."""
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.goto(f"{safar.url}/chat?lang=en")
    return page
