"""`safar up`: from a checkout to a running desk that has answered a question.

Everything that can be wrong is looked at first, so that there is never half a start. Ctrl-C and SIGTERM end it cleanly.
"""

import asyncio
import shutil
import signal
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from rich.console import Console

from bot import logs
from bot.channels.telegram import Telegram
from bot.channels.telegram_polling import Poller
from bot.commands import qr, staff
from bot.commands.prepare import checked_knowledge, prepared_model
from bot.commands.temporary import ready
from bot.commands.working import working
from bot.console.app import staff_app
from bot.library import publish
from bot.model.clock import utc_now
from bot.model.errors import SetupError
from bot.model.messages import Incoming, Kind
from bot.ports import check_free
from bot.public.app import public_app
from bot.settings import Settings, read
from bot.storage.repositories import conversations, messages
from bot.wiring import Desk, Server, build, open_store, running

SWITCH_SECONDS = 0.001
"""How long one thread may keep the others waiting: an acknowledgement crosses threads twice."""
NEEDED_BYTES = 200 * 1024**2
FIRST_QUESTION = "My employer keeps my passport. What can I do?"
FIRST_SECONDS = 60.0


def run(check: bool) -> None:
    """Start, and serve until told to end (or, with `check`, until the first question was answered)."""
    settings = read()
    console = Console(stderr=True)
    _look_first(settings)
    logs.configure(settings.log_level)
    knowledge = checked_knowledge()
    model = prepared_model(settings)
    store, _ = open_store(settings)
    with working("Importing the knowledge base"):
        changed = publish(store, knowledge)
    store.close()
    console.print(f"Knowledge: {len(knowledge.entries)} entries, {changed} changes.", style="dim")
    with working("Loading"):
        desk = build(settings, model)
    sys.setswitchinterval(SWITCH_SECONDS)
    asyncio.run(_serve(desk, check, console))


def _look_first(settings: Settings) -> None:
    """Raises `SetupError` for whatever would stop a start half-way."""
    settings.data_path.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(settings.data_path).free < NEEDED_BYTES:
        raise SetupError("The disk is nearly full: free 200 MB and start again.")
    check_free(settings.web_host, settings.web_port, "SAFAR_WEB_PORT")
    check_free(settings.staff_host, settings.staff_port, "SAFAR_STAFF_PORT")
    check_free("127.0.0.1", settings.action_port, "SAFAR_ACTION_PORT")
    check_free("127.0.0.1", settings.rasa_port, "SAFAR_RASA_PORT")


async def _serve(desk: Desk, check: bool, screen: Console) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    settings = desk.settings
    public = Server(public_app(desk), settings.web_host, settings.web_port)
    console = Server(staff_app(desk), settings.staff_host, settings.staff_port)
    async with running(desk), _listening(public), _listening(console), _polling(desk):
        with working("Starting Rasa and asking a first question"):
            starting = asyncio.create_task(_first_answer(desk))
            stopping = asyncio.create_task(ended.wait())
            await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            _announce(desk, screen)
            if not check:
                await ended.wait()
        for task in (starting, stopping):
            task.cancel()
        screen.print("Ending …", style="dim")


@asynccontextmanager
async def _listening(server: Server) -> AsyncIterator[None]:
    task = asyncio.create_task(server.run())
    try:
        yield
    finally:
        await server.stop()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def _polling(desk: Desk) -> AsyncIterator[None]:
    """Telegram by long polling, unless a public address makes its webhook possible."""
    channel = desk.channels.get("telegram")
    if not isinstance(channel, Telegram) or desk.settings.public_url:
        yield
        return
    task = asyncio.create_task(Poller(channel, desk.intake.accept).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _first_answer(desk: Desk) -> None:
    """Ask a real question the whole way. Raises `SetupError` when no answer comes."""
    await ready(desk)
    address = f"first-{uuid.uuid4().hex}"
    incoming = Incoming("terminal", address, Kind.TEXT, address, utc_now(), FIRST_QUESTION)
    taken = await desk.intake.accept(incoming)
    letters = await desk.mailbox.wait("terminal", address, 0, FIRST_SECONDS)
    crypt = desk.crypt
    meta = await desk.store.read(lambda session: messages.meta_of(session, crypt, taken.message_id))
    await desk.store.write(lambda session: conversations.erase(session, taken.conversation_id))
    if not letters or meta.get("decision") != "answer":
        raise SetupError("The first question was not answered; see rasa.log in the data directory.")


def _announce(desk: Desk, console: Console) -> None:
    settings = desk.settings
    url = settings.public_url or f"http://{settings.web_host}:{settings.web_port}"
    shown = replace(settings, web_host="127.0.0.1") if settings.web_host == "0.0.0.0" else settings  # noqa: S104
    url = settings.public_url or f"http://{shown.web_host}:{shown.web_port}"
    console.print(f"\nSafar answers. Web chat: [bold]{url}/chat[/bold]", soft_wrap=True)
    console.print(qr.drawn(f"{url}/chat"), highlight=False)
    inside = settings.staff_url or f"http://{settings.staff_host}:{settings.staff_port}"
    console.print(f"Staff console: [bold]{inside}[/bold]", soft_wrap=True)
    if not staff.anybody(desk.store):
        console.print("Nobody may sign in there yet: safar staff add you@example.org --name You")
    on = sorted(name for name, channel in desk.channels.items() if not channel.capabilities.mailbox)
    console.print(f"Other channels: {', '.join(on) if on else 'none yet (docs/channels/)'}. Ctrl-C ends it.")
