"""A case: what was said, what is known, and everything that can be done with it. Imports `console.base`, `handoff`."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.console.base import Console, Problem, Visit
from bot.console.views.queue import NUMBER, lateness
from bot.console.views.signin import once
from bot.handoff.commands import Commands
from bot.handoff.policy import Action
from bot.handoff.service import Command
from bot.model.cases import OUTCOMES, Case, NotFound
from bot.storage.repositories import cases, conversations, queue, staff
from bot.storage.repositories.queue import Line

SHOWN = 200
CLOSEST_FOR = 5
"""So many of the person's last messages get the closest answer beside them."""
OFFERED = 6
TOGETHER = 3
"""People write one thought over several messages."""
LIKELY = 0.12
KEY = 64

Press = Callable[[Commands, Mapping[str, str]], Command]


def _once(form: Mapping[str, str]) -> str:
    key = form.get("once", "")
    if not 8 <= len(key) <= KEY:
        raise Problem("old_page", 403)
    return key


def _until(form: Mapping[str, str]) -> datetime:
    """The moment of a `datetime-local` field, in the time of the centre's people."""
    try:
        moment = datetime.fromisoformat(form.get("until", ""))
        return moment.replace(tzinfo=moment.tzinfo or ZoneInfo(form.get("zone") or "UTC")).astimezone(UTC)
    except (ValueError, KeyError, OSError) as bad:
        raise Problem("bad_value", field="until") from bad


COMMANDS: Mapping[str, Press] = {
    "claim": lambda c, _: c.claim,
    "take_over": lambda c, _: c.take_over,
    "give_back": lambda c, _: c.give_back,
    "reopen": lambda c, _: c.reopen,
    "reply": lambda c, f: lambda db, act: c.reply(db, act, f.get("text", ""), _once(f)),
    "entry": lambda c, f: lambda db, act: c.reply_entry(db, act, f.get("entry", ""), _once(f)),
    "note": lambda c, f: lambda db, act: c.note(db, act, f.get("text", ""), _once(f)),
    "transfer": lambda c, f: lambda db, act: c.transfer(db, act, f.get("centre", ""), f.get("consent") == "yes"),
    "park": lambda c, f: lambda db, act: c.park(db, act, _until(f)),
    "close": lambda c, f: lambda db, act: c.close(db, act, f.get("outcome", "")),
}
"""Every button of the page, by the last part of its address."""


class ConversationPage:
    """One case."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._desk = console.desk

    def routes(self) -> list[Route]:
        """For the staff application."""
        guarded = self._console.guarded
        return [
            Route("/cases/{case}", guarded(self.show, Action.SEE)),
            Route("/cases/{case}/here", guarded(self.here, Action.SEE), methods=["POST"]),
            Route("/cases/{case}/{command}", guarded(self.act, Action.SEE), methods=["POST"]),
        ]

    async def act(self, visit: Visit) -> Response:
        """Carry out a command and show what has come of it."""
        press = COMMANDS.get(visit.request.path_params["command"])
        case = await self._case(visit)
        if press is None:
            raise NotFound
        await self._desk.handoff.do(visit.by, case.id, press(self._desk.handoff.commands, visit.form))
        return await self.show(visit)

    async def here(self, visit: Visit) -> Response:
        """A page tells that it is open, and whether somebody types in it; who else is there."""
        case, by = (await self._case(visit)).id, visit.by
        presence = self._console.presence
        presence.here(case, by.id, by.name, visit.form.get("typing") == "1", visit.now)
        words = self._console.words(by.page_language)
        others = presence.others(case, by.id, visit.now)
        names = [f"{one.name} {words['typing']}" if one.typing else one.name for one in others]
        return PlainTextResponse(f"{words['looking']} {', '.join(names)}" if names else "")

    async def show(self, visit: Visit) -> Response:
        """The page."""
        case = await self._case(visit)
        read = self._desk.store.read
        crypt = self._desk.crypt
        person = await read(lambda db: conversations.get(db, crypt, case.conversation_id))
        if person is None:
            raise NotFound
        said = await read(lambda db: queue.said(db, crypt, case.conversation_id, SHOWN))
        events = await read(lambda db: cases.events(db, crypt, case.id))
        asked = visit.request.query_params.get("q", "").strip()[:200]
        return self._console.page(
            visit,
            "conversation.html",
            case=case,
            person=person,
            lines=said,
            closest=await self._console.slowly(lambda: self._closest(said, visit.by.page_language)),
            offered=await self._console.slowly(lambda: self._offered(said, asked, visit.by.page_language)),
            asked=asked,
            events=[event for event in events if event.kind not in {"message", "reply"}],
            staff={one.id: one for one in await read(staff.everybody)},
            centres=await read(staff.all_centres),
            outcomes=OUTCOMES,
            once=once,
            number=NUMBER,
            late=lateness(case, visit.now),
            languages=self._desk.locales.languages,
        )

    async def _case(self, visit: Visit) -> Case:
        case_id = visit.request.path_params["case"][:32]
        store = self._desk.store
        seen = await store.read(lambda db: queue.may_see(db, case_id, visit.sight))
        case = await store.read(lambda db: cases.get(db, case_id)) if seen else None
        if case is None:
            raise NotFound
        return case

    def _closest(self, said: Sequence[Line], language: str) -> dict[int, Any]:
        """For the person's last messages the answer that fits, in the colleague's language."""
        theirs = [number for number, line in enumerate(said) if line.by == "person" and line.text.strip()]
        found = {number: self._rank(said[number].text, language, 1) for number in theirs[-CLOSEST_FOR:]}
        return {number: best[0] for number, best in found.items() if best}

    def _offered(self, said: Sequence[Line], asked: str, language: str) -> list[Any]:
        """Answers to send: those that were searched for, or that fit what the person wrote last."""
        theirs = [line.text for line in said if line.by == "person" and line.text.strip()]
        text = asked or " ".join(theirs[-TOGETHER:])
        return self._rank(text, language, OFFERED, 0.0 if asked else 0.02) if text else []

    def _rank(self, text: str, language: str, most: int, least: float = LIKELY) -> list[Any]:
        library = self._desk.library
        vector = self._desk.encoder.encode(text)
        ranked = library.search.rank(text, vector).candidates[:most]
        likely = [candidate for candidate in ranked if candidate.probability >= least]
        return [self._entry(candidate.entry, language) for candidate in likely]

    def _entry(self, entry_id: str, language: str) -> dict[str, str]:
        entry = self._desk.library.knowledge.entries[entry_id]
        title = self._desk.locales.say(entry.title, language, "knowledge", f"{entry_id}.title").text
        told = self._desk.responder.told(entry_id, language, None, None)
        return {"id": entry_id, "title": title, "text": told.text if told else ""}
