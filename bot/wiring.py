"""The composition root: builds every part of a desk and runs them together. The only module that knows them all."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import structlog
import uvicorn
from sqlalchemy import Connection

from actions.answering import all_actions
from bot.channels import registry
from bot.channels.base import Channel
from bot.channels.commands import Commands
from bot.channels.sms.render import pick
from bot.dialogue import training_state
from bot.dialogue.action_server import ActionServer
from bot.dialogue.client import RasaDialogue
from bot.dialogue.encoder import Encoder
from bot.dialogue.language import Recogniser
from bot.dialogue.places import Places
from bot.dialogue.respond import Responder, Thresholds
from bot.dialogue.vectors import VectorCache
from bot.handoff.commands import Commands as CaseCommands
from bot.handoff.opening import Opener
from bot.handoff.policy import ServiceLevels
from bot.handoff.service import Handoff
from bot.i18n import Locales, from_settings
from bot.inbox.handler import Handler
from bot.inbox.intake import Intake
from bot.inbox.reader import Reader, Vectors
from bot.inbox.worker import Worker
from bot.library import Library
from bot.model import moments, owners
from bot.model.clock import utc_now
from bot.model.messages import Reply
from bot.model.people import Conversation
from bot.outbox.mailbox import Mailbox
from bot.outbox.reports import Reports
from bot.outbox.worker import Sender
from bot.phrases import Phrases, common
from bot.rasa_process import RasaProcess, Tokens
from bot.safety.classifier import Classifier
from bot.safety.contact import SafeContact
from bot.safety.danger import Danger
from bot.safety.detect import Detector
from bot.settings import ROOT, Settings
from bot.shaping import Shaper
from bot.storage import retention
from bot.storage.crypt import Crypt
from bot.storage.engine import Store
from bot.storage.repositories import conversations, feedback, messages, outbox, staff
from knowledge import learn

log = structlog.get_logger()
KEY_FILE = "safar.key"


class StoredNotes:
    """What the responder notes, in the database."""

    def __init__(self, store: Store, crypt: Crypt, handoff: Handoff, settings: Settings) -> None:
        self._store = store
        self._crypt = crypt
        self._handoff = handoff
        self._timezone = settings.centre_timezone

    async def person_wanted(self, conversation_id: str, language: str) -> str | None:
        """A case, and from when on somebody is there, in the time of where the person is."""
        opens = await self._handoff.asked(conversation_id)
        if opens is None:
            return None
        person = await self._store.read(lambda db: conversations.get(db, self._crypt, conversation_id))
        return moments.said(opens, person.destination if person else None, language, self._timezone)

    async def useful(self, conversation_id: str, message_id: str, entry: str | None, is_useful: bool) -> None:
        """An opinion, once for a message."""
        await self._store.write(
            lambda connection: feedback.useful(connection, conversation_id, message_id, entry, is_useful, utc_now())
        )


@dataclass
class Desk:
    """Every part of a running desk that somebody outside needs."""

    settings: Settings
    store: Store
    crypt: Crypt
    library: Library
    locales: Locales
    phrases: Phrases
    channels: Mapping[str, Channel]
    intake: Intake
    reports: Reports
    mailbox: Mailbox
    dialogue: RasaDialogue
    handoff: Handoff
    encoder: Encoder
    responder: Responder
    worker: Worker
    sender: Sender
    actions: ActionServer
    rasa: RasaProcess
    owner: str
    closers: list[Callable[[], Coroutine[Any, Any, None]]] = field(default_factory=list)


def model_folder(settings: Settings) -> Path:
    """Where the trained model is kept."""
    return settings.data_path / "models"


def open_store(settings: Settings) -> tuple[Store, Crypt]:
    """Database and key. Raises `SetupError`."""
    return Store.open_with_key(settings.database, settings.data_path / KEY_FILE)


def build(
    settings: Settings, model: Path, channels: Mapping[str, Channel] | None = None, rasa_log: Path | None = None
) -> Desk:
    """Everything, wired but not running. Loads the encoder and the library: about a second."""
    tokens = Tokens(secrets.token_urlsafe(32), secrets.token_urlsafe(32))
    store, crypt = open_store(settings)
    http = httpx.AsyncClient(timeout=30.0, trust_env=False)
    locales = from_settings(settings)
    phrases = Phrases(ROOT / "domain.yml", locales, common(settings))
    encoder = Encoder()
    cache = VectorCache(settings.data_path / "cache", encoder.name, encoder.encode_many)
    library = Library(store, cache.vectors, tuple(learn.START.tolist()))
    library.load()
    vectors = Vectors()
    all_channels = registry.build_all(settings, http) if channels is None else channels
    danger = Danger(
        Detector(Classifier.load(model.parent / training_state.DANGER), languages=locales.languages),
        phrases,
        lambda: library.directory,
    )
    reader = Reader(encoder, Recogniser(), Places(), danger, locales.languages, settings.fallback_language, vectors)
    dialogue = RasaDialogue(f"http://127.0.0.1:{settings.rasa_port}", tokens.rasa, settings.rasa_timeout)
    safe = SafeContact(phrases, lambda word: crypt.digest("code", word), danger.values)
    handler = Handler(reader, dialogue, danger, Commands(locales), phrases, safe, pick, settings.fallback_language)

    def find_vector(message_id: str, text: str) -> Any:
        known = vectors.get(message_id)
        return encoder.encode(text) if known is None else known

    owner = owners.name()
    mailbox = Mailbox(store, crypt)
    sender = Sender(store, crypt, all_channels, owner, settings.send_attempts)

    def told(channel: str, address: str) -> None:
        mailbox.told(channel, address)
        if channel in all_channels and not all_channels[channel].capabilities.mailbox:
            sender.wake()

    def entry(entry_id: str, person: Conversation) -> Reply | None:
        return responder.told(entry_id, person.language or "en", person.origin, person.destination)

    shaper = Shaper(all_channels, phrases, settings.centre_name)
    opener = Opener(crypt, _levels(settings))
    handoff = Handoff(store, crypt, opener, CaseCommands(crypt, opener, shaper, phrases, entry), told)
    thresholds = Thresholds(settings.answer_threshold, settings.choice_threshold)
    responder = Responder(library, locales, phrases, StoredNotes(store, crypt, handoff, settings), thresholds)
    awake = asyncio.Event()
    intake = Intake(store, crypt, awake.set)
    worker = Worker(
        store,
        crypt,
        handler,
        all_channels,
        shaper,
        opener,
        phrases,
        owner,
        told,
        mailbox.erased,
        awake,
        intake.busy,
    )
    return Desk(
        settings=settings,
        store=store,
        crypt=crypt,
        library=library,
        locales=locales,
        phrases=phrases,
        channels=all_channels,
        intake=intake,
        reports=Reports(store),
        mailbox=mailbox,
        dialogue=dialogue,
        handoff=handoff,
        encoder=encoder,
        responder=responder,
        worker=worker,
        sender=sender,
        actions=ActionServer(all_actions(responder, find_vector), tokens.actions),
        rasa=RasaProcess(settings, model, tokens, rasa_log or settings.data_path / "rasa.log"),
        owner=owner,
        closers=[dialogue.aclose, http.aclose, *(channel.aclose for channel in all_channels.values())],
    )


def _levels(settings: Settings) -> ServiceLevels:
    return ServiceLevels(settings.first_reply_urgent, settings.first_reply, settings.widen_urgent, settings.widen)


@asynccontextmanager
async def running(desk: Desk, extra: Sequence[Coroutine[Any, Any, None]] = ()) -> AsyncIterator[Desk]:
    """Actions, Rasa, worker, sender and housekeeping, until the block ends; then each ends cleanly."""
    await desk.store.write(_take_back)
    server = Server(desk.actions.app(), "127.0.0.1", desk.settings.action_port)
    tasks: list[asyncio.Task[None]] = []
    try:
        tasks.append(asyncio.create_task(server.run()))
        await desk.rasa.start()
        work = (desk.worker.run(), desk.sender.run(), desk.library.follow(), desk.handoff.watch(), housekeeping(desk))
        jobs = (*work, *extra)
        tasks.extend(asyncio.create_task(job) for job in jobs)
        yield desk
    finally:
        for task in tasks[1:]:
            task.cancel()
        await asyncio.gather(*tasks[1:], return_exceptions=True)
        await desk.rasa.stop()
        await server.stop()
        await asyncio.gather(*tasks, return_exceptions=True)
        for close in desk.closers:
            await close()
        desk.store.close()


def _take_back(connection: Connection) -> None:
    """What nobody works on any more: leases that ran out, and at once what dead processes of this machine had."""
    now = utc_now()
    messages.release_stale(connection, now)
    outbox.release_stale(connection, now)
    for rows in (messages, outbox):
        for owner in rows.owners(connection):
            if owners.is_dead(owner):
                rows.release_owner(connection, owner)


HOUSEKEEPING_SECONDS = 30.0
RETENTION_EVERY = 120
"""Rounds of housekeeping between two erasures: an hour."""


async def housekeeping(desk: Desk) -> None:
    """Take back what dead processes had, and erase what is past its time."""
    number = 0
    while True:
        try:
            await desk.store.write(_take_back)
            if number % RETENTION_EVERY == 0:
                await desk.store.write(partial(_erase_old, desk.settings))
        except Exception as broken:
            log.error("housekeeping_failed", error=type(broken).__name__)
        number += 1
        await asyncio.sleep(HOUSEKEEPING_SECONDS)


def _erase_old(settings: Settings, connection: Connection) -> None:
    now = utc_now()
    retention.erase_old(connection, now, settings.retention_days)
    longest, quiet = timedelta(hours=settings.staff_hours), timedelta(minutes=settings.staff_quiet)
    staff.end_old_sessions(connection, now - longest, now - quiet)


class Server:
    """One listener: uvicorn without its own signals, logs and banners."""

    def __init__(self, app: Any, host: str, port: int) -> None:
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            log_level="error",
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=2,
            timeout_keep_alive=75,
        )
        self._server = uvicorn.Server(config)
        self._server.capture_signals = _no_signals  # type: ignore[method-assign]

    async def run(self) -> None:
        """Serve until `stop()`."""
        await self._server.serve()

    async def started(self) -> None:
        """Return when it listens."""
        while not self._server.started:  # noqa: ASYNC110 - uvicorn offers no event
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Ask it to end."""
        self._server.should_exit = True


@contextmanager
def _no_signals() -> Iterator[None]:
    """Ctrl-C and SIGTERM are the command's to handle, once, for all listeners."""
    yield
