"""`safar screenshots`: the pictures of the web chat that the README shows, taken from a real conversation."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console

from bot.commands.temporary import temporary_desk
from bot.model.errors import SetupError
from bot.ports import free_port
from bot.public.app import public_app
from bot.wiring import Desk, Server

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PHONE = {"width": 360, "height": 740}
QUESTIONS = {"en": "My boss in Qatar has not paid me for 3 months", "ar": "صاحب العمل أخذ جوازي في الكويت"}


def run(folder: Path) -> None:
    """Take them. Raises `SetupError` without Chromium."""
    if not CHROMIUM.exists():
        raise SetupError("Chromium is needed for this: install it (on Debian: apt install chromium).")
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(_shoot(folder))
    Console().print(f"{len(QUESTIONS)} pictures in {folder}")


@asynccontextmanager
async def served(desk: Desk, port: int) -> AsyncIterator[str]:
    """The public pages of a desk, at the address given."""
    server = Server(public_app(desk), "127.0.0.1", port)
    task = asyncio.create_task(server.run())
    await server.started()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await server.stop()
        await task


async def _shoot(folder: Path) -> None:
    from playwright.async_api import async_playwright

    async with temporary_desk() as temporary, served(temporary.desk, free_port()) as url, async_playwright() as play:
        browser = await play.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        for tag, question in QUESTIONS.items():
            page = await browser.new_page(viewport=PHONE, device_scale_factor=2, locale=tag)  # type: ignore[arg-type]
            await page.goto(f"{url}/chat?lang={tag}")
            await page.fill("#text", question)
            await page.click("#send")
            await page.wait_for_selector("#log .choices button")
            await page.evaluate("window.scrollTo(0, document.querySelector('.mine').offsetTop - 70)")
            await page.wait_for_timeout(400)
            await page.screenshot(path=str(folder / f"webchat-{tag}.png"))
        await browser.close()
