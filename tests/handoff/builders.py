"""A desk's handoff on a database, with people who write and colleagues who answer."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.channels import telegram, terminal
from bot.handoff.commands import Act, Commands
from bot.handoff.opening import Opener
from bot.handoff.policy import ServiceLevels
from bot.model.cases import Case, Centre, Role, Staff
from bot.model.messages import Reply
from bot.model.people import Conversation
from bot.phrases import standard
from bot.settings import Settings
from bot.shaping import Shaper
from bot.storage.crypt import Crypt
from bot.storage.engine import Store
from bot.storage.repositories import cases, conversations, staff
from tests.storage.builders import NOON, take

WEEK = dict.fromkeys(range(7), (("09:00", "17:00"),))
DOHA = Centre("doha", "Doha", "Asia/Qatar", WEEK, countries=frozenset({"QA", "NP"}))
DHAKA = Centre("dhaka", "Dhaka", "Asia/Dhaka", WEEK, countries=frozenset({"BD"}))
MAYA = Staff("maya", "Maya", Role.AGENT, ("ne", "en"), "doha", "maya@example.org")
OMAR = Staff("omar", "Omar", Role.AGENT, ("ar", "en"), "doha", "omar@example.org")
RINA = Staff("rina", "Rina", Role.AGENT, ("bn",), "dhaka", "rina@example.org")
CARO = Staff("caro", "Caro", Role.CURATOR, ("en",), "doha", "caro@example.org")
TOM = Staff("tom", "Tom", Role.TRAINER, ("en",), "doha", "tom@example.org")
ADA = Staff("ada", "Ada", Role.ADMINISTRATOR, ("en",), "doha", "ada@example.org")
EVERYBODY = (MAYA, OMAR, RINA, CARO, TOM, ADA)


class Office:
    """Two centres and their people. Moments are minutes after noon of a Sunday, UTC: 15:00 in Doha, 18:00 in Dhaka."""

    def __init__(self, store: Store, crypt: Crypt) -> None:
        self.store = store
        self.crypt = crypt
        phrases = standard(Settings())
        channels = {"terminal": terminal.Terminal(), "telegram": telegram.Telegram("1:a", "http://127.0.0.1:9", "")}
        self.opener = Opener(crypt, ServiceLevels())
        self.commands = Commands(crypt, self.opener, Shaper(channels, phrases, "Centre"), phrases, self._entry)
        store.write_sync(self._found)

    def _found(self, db: Connection) -> None:
        for centre in (DOHA, DHAKA):
            staff.save_centre(db, centre)
        for one in EVERYBODY:
            staff.add(db, one, NOON)

    def _entry(self, entry_id: str, person: Conversation) -> Reply | None:
        return Reply(f"{entry_id} for {person.destination}", person.language or "en") if entry_id == "wages" else None

    def wrote(self, address: str = "77", minute: float = 0, text: str = "hello", **known: object) -> str:
        """A person writes; the conversation's id."""
        moment = minute * 60
        taken = self.store.write_sync(lambda s: take(s, self.crypt, address, text, moment))
        self.store.write_sync(lambda s: conversations.change(s, self.crypt, taken.conversation_id, known))
        return taken.conversation_id

    def opened(self, conversation: str, why: str = "asked", minute: float = 0) -> Case:
        """A case opens."""

        def write(db: Connection) -> str:
            person = conversations.get(db, self.crypt, conversation)
            assert person is not None
            return self.opener.open(db, person, why, at(minute))

        return self.case(self.store.write_sync(write))

    def case(self, case_id: str) -> Case:
        found = self.store.read_sync(lambda db: cases.get(db, case_id))
        assert found is not None
        return found

    def do(self, by: Staff, case: Case, command: Callable[..., Case], *given: Any, minute: float = 1) -> Case:
        """Carry out a command; the case as it is then."""
        act = Act(by, case.id, at(minute))
        self.store.write_sync(lambda db: command(db, act, *given))
        return self.case(case.id)

    def person(self, conversation: str) -> Conversation:
        found = self.store.read_sync(lambda db: conversations.get(db, self.crypt, conversation))
        assert found is not None
        return found


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)
