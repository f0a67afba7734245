"""Colleagues in browsers of their own: invited, signed in, at work."""

import time
from typing import Any

import pyotp

from tests.whole.running import Running

PASSWORD = "correct horse battery staple"


def sign_in(page: Any, safar: Running, email: str) -> None:
    page.goto(f"{safar.console}/sign-in")
    page.fill("[name=email]", email)
    page.fill("[name=password]", PASSWORD)
    page.click("button.main")


def invited(browser: Any, safar: Running, email: str, name: str, **more: str) -> Any:
    """A page of a new colleague, signed in."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en")
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.goto(safar.invite(email, name, **more))
    page.fill("[name=password]", PASSWORD)
    page.click("button.main")
    sign_in(page, safar, email)
    if more.get("role") == "administrator":
        secret = page.locator("code").inner_text()
        page.fill("[name=code]", pyotp.TOTP(secret).now())
        page.click("button.main")
        page.secret = secret
    page.locator("#queue").wait_for()
    return page


def fresh_code(secret: str) -> str:
    """A code that was not used: the one of the next half minute holds already."""
    return pyotp.TOTP(secret).at(int(time.time()) + 30)
