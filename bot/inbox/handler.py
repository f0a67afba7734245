"""What to say to one message. Imports `bot.model`, `bot.i18n`, `bot.phrases`; stages it may not import come as ports.

The order is the promise: what is ordered (STOP …) and what a menu means, then danger, then the dialogue.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.inbox.ports import FindsCommands, SafeContact, SeesDanger
from bot.inbox.reader import Reader
from bot.model.cases import UNANSWERED
from bot.model.messages import Button, Command, Decision, Incoming, Kind, Reply
from bot.model.payloads import parse
from bot.model.people import Conversation
from bot.model.understanding import Dialogue, Turn, Understanding
from bot.phrases import Phrases

WRITTEN = frozenset({Kind.TEXT, Kind.EDITED})
LANGUAGE_INTENTS = frozenset({"set_language", "change_language"})
FAILURES = 2
"""So many answers in a row that do not fit bring in a person."""
SayEarly = Callable[[Reply], Awaitable[None]]
Pick = Callable[[Sequence[Button], str], Button | None]

FIXED = {
    Kind.CONTACT: "utter_no_contact",
    Kind.LOCATION: "utter_no_contact",
    Kind.PHOTO: "utter_cannot_read",
    Kind.VOICE: "utter_cannot_read",
    Kind.STICKER: "utter_cannot_read",
    Kind.OTHER: "utter_cannot_read",
    Kind.GROUP: "utter_group",
}


@dataclass(frozen=True)
class Outcome:
    """What is to be said and remembered. `more` sends the kept rest of an SMS instead of anything new."""

    replies: tuple[Reply, ...] = ()
    changes: Mapping[str, object] = field(default_factory=dict)
    meta: Mapping[str, object] = field(default_factory=dict)
    more: bool = False
    ordered: bool = False  # it is said even while a person has the case
    case: str | None = None  # why this should be somebody's case
    erase: bool = False  # everything that was said is to be deleted
    forget: bool = False  # this very message is not kept


class Handler:
    """Decides; stores and sends nothing itself except through `say_early`, which must be durable when it returns."""

    def __init__(
        self,
        reader: Reader,
        dialogue: Dialogue,
        danger: SeesDanger,
        commands: FindsCommands,
        phrases: Phrases,
        safe: SafeContact,
        pick: Pick,
        fallback: str,
    ) -> None:
        self._reader = reader
        self._dialogue = dialogue
        self._danger = danger
        self._commands = commands
        self._phrases = phrases
        self._safe = safe
        self._pick = pick
        self._fallback = fallback

    async def handle(
        self, message_id: str, incoming: Incoming, conversation: Conversation, recent: Sequence[str], early: SayEarly
    ) -> Outcome:
        """The outcome of one message. Raises `DialogueDown` when Rasa is needed and does not answer."""
        tag = conversation.language or (incoming.locale or "").partition("-")[0] or self._fallback
        if self._safe.is_code(incoming, conversation):
            return Outcome(erase=True)
        if incoming.kind in FIXED:
            return self._fixed(FIXED[incoming.kind], tag)
        command, payload = self._order(incoming, conversation)
        if command is not None:
            return replace(self._obey(command, tag, conversation), ordered=True)
        step = self._safe.step(incoming, payload, conversation, tag)
        typed = step is not None and payload is None
        if step and not (typed and await self.glance(message_id, incoming, conversation, recent)):  # danger first
            meta = {"decision": Decision.HELP}
            return Outcome(step.replies, step.changes, meta, ordered=True, erase=step.erase, forget=step.secret)
        if not incoming.text and payload is None:
            return self._fixed("utter_still_empty", tag)
        return await self._answer(message_id, incoming, conversation, recent, payload, early)

    async def glance(
        self, message_id: str, incoming: Incoming, conversation: Conversation, recent: Sequence[str]
    ) -> Reply | None:
        """Only what must be said at once, if anything must: for a message whose turn has not come."""
        if incoming.kind not in WRITTEN or not incoming.text:
            return None
        read = await self._reader.read(message_id, incoming, conversation, recent)
        return self._danger.say(read.alarm, _located(conversation, read), read.language) if read.alarm else None

    def _order(self, incoming: Incoming, conversation: Conversation) -> tuple[Command | None, str | None]:
        """A command, or the payload of a button that was pressed or picked by its number or label."""
        if incoming.kind is Kind.COMMAND:
            return Command(incoming.payload or "help"), None
        if incoming.kind in WRITTEN and (word := self._commands.find(incoming.text)):
            return Command(word), None
        payload = parse(incoming.payload or "")
        if payload is None and (button := self._pick(conversation.menu, incoming.text)):
            payload = parse(button.payload)
        if payload is not None and payload.verb == "command":
            return Command(payload.value), None
        return None, str(payload) if payload else None

    def _obey(self, command: Command, tag: str, conversation: Conversation) -> Outcome:
        meta = {"decision": Decision.HELP}
        match command:
            case Command.STOP:
                said = () if conversation.stopped else (self._phrases.reply("utter_stopped", tag),)
                return Outcome(said, {"stopped": True, "rest": (), "menu": ()}, meta)
            case Command.START:
                name = "utter_started" if conversation.stopped else "utter_welcome"
                return Outcome((self._phrases.reply(name, tag),), {"stopped": False}, meta)
            case Command.MORE if conversation.rest:
                return Outcome(more=True, meta=meta)
            case Command.MORE:
                return self._fixed("utter_nothing_more", tag)
            case Command.LANGUAGE:
                return self._fixed("utter_ask_language", tag)
        return self._fixed("utter_help", tag)

    def _fixed(self, name: str, tag: str, values: Mapping[str, object] | None = None) -> Outcome:
        reply = self._phrases.reply(name, tag, values)
        return Outcome((reply,), meta={"decision": Decision.HELP, **reply.meta})

    async def _answer(
        self,
        message_id: str,
        incoming: Incoming,
        conversation: Conversation,
        recent: Sequence[str],
        payload: str | None,
        early: SayEarly,
    ) -> Outcome:
        read = await self._reader.read(message_id, incoming, conversation, recent)
        if read.alarm is not None:
            await early(self._danger.say(read.alarm, _located(conversation, read), read.language))
        elif conversation.stopped:
            return self._fixed("utter_still_stopped", read.language)
        if conversation.held_by:
            return Outcome(changes=_changes(conversation, read, Turn(())), meta=_meta(read, "", ()))
        known = {key: getattr(conversation, key) for key in ("origin", "destination")}
        turn = await self._dialogue.ask(conversation.id, read, payload, known)
        replies = _after_alarm(turn.replies) if read.alarm else self._introduced(turn.replies, recent, incoming, read)
        case = UNANSWERED if _failed_again(turn.replies) else None
        if case:
            replies = (*replies, self._phrases.reply("utter_person_instead", read.language))
        return Outcome(replies, _changes(conversation, read, turn), _meta(read, turn.intent, turn.replies), case=case)

    def _introduced(
        self, replies: tuple[Reply, ...], recent: Sequence[str], incoming: Incoming, read: Understanding
    ) -> tuple[Reply, ...]:
        """The first reply to a new person is followed by the line on privacy, unless the page has shown it already."""
        if recent or incoming.channel in {"webchat", "terminal"} or incoming.extra.get("noticed"):
            return replies
        return (*replies, self._phrases.reply("utter_first_notice", read.language))


def _located(conversation: Conversation, read: Understanding) -> Conversation:
    """The conversation with the countries that this very message names: the number that is given must be theirs."""
    origin, destination = conversation.origin, conversation.destination
    for place in read.places:
        if place.role == "origin":
            origin = place.country
        else:
            destination = place.country
    return replace(conversation, origin=origin, destination=destination)


def _after_alarm(replies: tuple[Reply, ...]) -> tuple[Reply, ...]:
    """After the safety text only a checked answer may follow: no small talk, no menus to choose from, no refusals."""
    return tuple(reply for reply in replies if reply.meta.get("decision") == Decision.ANSWER)


def _failed_again(replies: Sequence[Reply]) -> bool:
    """Was this the second answer in a row that did not fit (or the fourth …)?"""
    failures = max((int(str(reply.meta.get("failures") or 0)) for reply in replies), default=0)
    return failures > 0 and failures % FAILURES == 0


def _changes(conversation: Conversation, read: Understanding, turn: Turn) -> Mapping[str, object]:
    changes: dict[str, object] = {key: turn.slots[key] for key in ("origin", "destination") if turn.slots.get(key)}
    if conversation.expects:
        changes["expects"] = ""
    chosen = turn.slots.get("language")
    if chosen and turn.intent in LANGUAGE_INTENTS:
        return {**changes, "language": chosen, "language_chosen": True}
    if conversation.language != read.language:
        changes["language"] = read.language
    return changes


def _meta(read: Understanding, intent: str, replies: Sequence[Reply]) -> Mapping[str, object]:
    """What `safar evaluate` and staff see of how a message was understood."""
    decided: Mapping[str, object] = next((r.meta for r in replies if r.meta.get("decision")), {})
    keys = ("decision", "entry", "topic", "probability", "choices")
    return {
        **{key: decided.get(key) for key in keys},
        "intent": intent,
        "language": read.guess.tag,
        "language_probability": round(read.guess.probability, 4),
        "reply_language": next((r.language for r in replies), read.language),
        "urgency": read.alarm.kind if read.alarm else None,
        "places": [place.country for place in read.places],
    }
