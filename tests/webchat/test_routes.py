"""bot.webchat.routes and bot.webchat.page over real HTTP, with the real desk on a real database."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette

from bot.i18n import Locales
from bot.inbox.intake import Intake
from bot.model.clock import utc_now
from bot.model.messages import MAX_TEXT, Button, Outgoing
from bot.outbox.mailbox import Mailbox
from bot.ports import free_port
from bot.public.desk import WEBCHAT, WebDesk
from bot.settings import ROOT, Settings
from bot.storage.crypt import Crypt
from bot.storage.engine import Store
from bot.storage.repositories import messages
from bot.storage.tables import metadata
from bot.webchat.page import Page
from bot.webchat.routes import LARGEST_BODY, ChatRoutes
from bot.wiring import Server
from tests.storage.builders import done

LOCALES = Locales(ROOT / "locales")


class Site:
    """The web chat on a port of its own; `answer()` does what the worker does with what was written."""

    def __init__(self, store: Store, crypt: Crypt, http: httpx.AsyncClient, mailbox: Mailbox) -> None:
        self.store, self.crypt, self.http, self.mailbox = store, crypt, http, mailbox

    async def begin(self) -> dict[str, str]:
        key = (await self.http.post("/api/chat/conversations")).json()["key"]
        return {"Authorization": f"Bearer {key}"}

    async def write(self, who: dict[str, str], name: str = "1", **body: Any) -> httpx.Response:
        return await self.http.post("/api/chat/messages", json={"id": name, **body}, headers=who)

    async def read(self, who: dict[str, str], **params: Any) -> list[dict[str, Any]]:
        found = await self.http.get("/api/chat/messages", params=params, headers=who)
        replies: list[dict[str, Any]] = found.json()["replies"]
        return replies

    async def answer(self, *pieces: Outgoing) -> str:
        """Finish the one message that waits; returns its text."""

        def work(session: Any) -> tuple[str, str]:
            [one] = messages.claim(session, self.crypt, "me", utc_now(), 60, 1)
            messages.finish(session, self.crypt, one, "me", done(*pieces, mailbox=True), utc_now())
            return one.incoming.text, one.incoming.address

        text, address = await self.store.write(work)
        self.mailbox.told(WEBCHAT, address)
        return text

    async def rows(self) -> int:
        """How many rows of people's there are in all tables."""
        counts = [sa.select(sa.func.count()).select_from(table) for table in metadata.sorted_tables]
        return await self.store.read(lambda c: sum(c.execute(count).scalar_one() for count in counts))


@pytest.fixture
async def site(sqlite_url: str, crypt: Crypt) -> AsyncIterator[Site]:
    store = Store.open(sqlite_url, crypt)
    mailbox = Mailbox(store, crypt)
    desk = WebDesk(store, crypt, Intake(store, crypt, lambda: None), mailbox)
    app = Starlette(routes=[*Page(LOCALES, Settings()).routes(), *ChatRoutes(desk, LOCALES, Settings()).routes()])
    port = free_port()
    server = Server(app, "127.0.0.1", port)
    task = asyncio.create_task(server.run())
    await server.started()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as http:
        yield Site(store, crypt, http, mailbox)
    await server.stop()
    await task
    store.close()


async def test_a_message_is_acknowledged_when_it_is_stored_and_once(site: Site) -> None:
    who = await site.begin()
    first = await site.write(who, text="my passport is lost")
    again = await site.write(who, text="my passport is lost")
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json() == again.json()
    assert await site.answer(Outgoing("Go to your consulate.")) == "my passport is lost"
    assert [reply["text"] for reply in await site.read(who)] == ["Go to your consulate."]
    assert (await site.read(who))[0]["message"] == first.json()["message"]


async def test_a_reply_carries_all_that_the_page_needs(site: Site) -> None:
    who = await site.begin()
    await site.write(who, text="مرحبا")
    await site.answer(Outgoing("أهلا", (Button("نعم", "/yes"),), "ar"))
    [reply] = await site.read(who)
    assert reply["buttons"] == [{"label": "نعم", "payload": "/yes"}]
    assert (reply["language"], reply["direction"], reply["urgent"]) == ("ar", "rtl", False)
    assert await site.read(who, after=reply["id"]) == []


async def test_two_people_with_the_same_id_are_two_messages_and_read_only_their_own(site: Site) -> None:
    anna, bina = await site.begin(), await site.begin()
    assert (await site.write(anna, text="one")).status_code == 202
    await site.answer(Outgoing("for Anna"))
    assert (await site.write(bina, text="two")).status_code == 202
    await site.answer(Outgoing("for Bina"))
    assert [reply["text"] for reply in await site.read(anna)] == ["for Anna"]
    assert [reply["text"] for reply in await site.read(bina)] == ["for Bina"]


async def test_waiting_ends_when_the_reply_is_there(site: Site) -> None:
    who = await site.begin()
    await site.write(who, text="hello")
    waiting = asyncio.create_task(site.read(who, wait=20))
    await asyncio.sleep(0.05)
    await site.answer(Outgoing("Hello!"))
    assert [reply["text"] for reply in await asyncio.wait_for(waiting, 1.5)] == ["Hello!"]


async def events(site: Site, who: dict[str, str], count: int) -> list[dict[str, Any]]:
    """The next events of a stream: their fields."""
    found: list[dict[str, Any]] = []
    event: dict[str, str] = {}
    async with site.http.stream("GET", "/api/chat/events", headers=who) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        async for line in stream.aiter_lines():
            if line:
                name, _, value = line.partition(": ")
                event[name] = value
                continue
            found.append({**event, "data": json.loads(event.get("data", "null"))})
            event = {}
            if len(found) == count:
                break
    return found


async def test_the_stream_resumes_without_loss_or_repetition(site: Site) -> None:
    who = await site.begin()
    await site.write(who, text="hello")
    await site.answer(Outgoing("one"), Outgoing("two"))
    both = [event["data"]["text"] for event in await events(site, who, 2)]
    [first] = await events(site, who, 1)
    [rest] = await events(site, {**who, "Last-Event-ID": str(first["data"]["id"])}, 1)
    assert both == ["one", "two"]
    assert (first["event"], first["id"]) == ("reply", str(first["data"]["id"]))
    assert (first["data"]["text"], rest["data"]["text"]) == ("one", "two")


async def test_leaving_erases_everything_and_the_browser_forgets(site: Site) -> None:
    empty = await site.rows()
    who = await site.begin()
    await site.write(who, text="he keeps my passport")
    await site.answer(Outgoing("You did nothing wrong."))
    assert await site.rows() > empty
    left = await site.http.delete("/api/chat/conversation", headers=who)
    assert left.status_code == 204
    assert '"storage"' in left.headers["clear-site-data"]
    assert await site.rows() == empty
    assert (await site.http.delete("/api/chat/conversation", headers=who)).status_code == 204


async def test_what_arrives_after_leaving_does_not_bring_the_conversation_back(site: Site) -> None:
    empty = await site.rows()
    who = await site.begin()
    await site.write(who, text="he keeps my passport")
    await site.http.delete("/api/chat/conversation", headers=who)
    late = await site.write(who, "late", text="and he locks the door")
    again = await site.http.get("/api/chat/messages", headers=who)
    assert (late.status_code, again.status_code, await site.rows()) == (401, 401, empty)


async def test_a_key_is_long_new_every_time_and_never_a_cookie(site: Site) -> None:
    answers = [await site.http.post("/api/chat/conversations") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.json()["key"] for answer in answers}) == 3
    assert all(len(answer.json()["key"]) == 43 and "set-cookie" not in answer.headers for answer in answers)
    assert all(answer.headers["cache-control"] == "no-store" for answer in answers)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer short", "Basic " + "a" * 43, "Bearer " + "a" * 44])
async def test_without_a_key_nothing_is_read_written_or_erased(site: Site, header: str) -> None:
    who = {"Authorization": header}
    calls = [
        await site.write(who, text="hello"),
        await site.http.get("/api/chat/messages", headers=who),
        await site.http.get("/api/chat/events", headers=who),
        await site.http.delete("/api/chat/conversation", headers=who),
    ]
    assert [call.status_code for call in calls] == [401] * 4
    assert calls[0].json()["error"] == "key"


BAD = {
    "not json": (b"{", 400, "json"),
    "not text": (b"\xff\xfe", 400, "json"),
    "a list": (b"[]", 400, "json"),
    "deep": (b"[" * 60_000, 400, "json"),
    "no id": (b'{"text": "hello"}', 400, "json"),
    "id of a wrong type": (b'{"id": 1, "text": "hello"}', 400, "json"),
    "id too long": (json.dumps({"id": "i" * 65, "text": "hello"}).encode(), 400, "json"),
    "text of a wrong type": (b'{"id": "1", "text": {}}', 400, "json"),
    "payload of a wrong type": (b'{"id": "1", "payload": 1}', 400, "json"),
    "nothing said": (b'{"id": "1", "text": " \\n "}', 400, "empty"),
    "text too long": (json.dumps({"id": "1", "text": "x" * (MAX_TEXT + 1)}).encode(), 413, "large"),
    "body too long": (b'{"id": "1", "text": "' + b"x" * LARGEST_BODY, 413, "large"),
}


@pytest.mark.parametrize(("body", "status", "error"), BAD.values(), ids=BAD)
async def test_what_cannot_be_taken_is_refused_with_a_sentence(
    site: Site, body: bytes, status: int, error: str
) -> None:
    headers = {**await site.begin(), "Content-Type": "application/json; charset=utf-8", "Accept-Language": "ar-EG,en"}
    refused = await site.http.post("/api/chat/messages", content=body, headers=headers)
    assert (refused.status_code, refused.json()["error"]) == (status, error)
    assert re.search("[\u0600-\u06ff]", refused.json()["sentence"])


async def test_only_json_is_taken(site: Site) -> None:
    headers = {**await site.begin(), "Content-Type": "text/plain"}
    refused = await site.http.post("/api/chat/messages", content=b'{"id":"1","text":"a"}', headers=headers)
    assert (refused.status_code, refused.json()["error"]) == (415, "type")


@pytest.mark.parametrize("field", ["id", "text", "payload", "locale"])
async def test_half_a_character_and_nul_do_no_harm(site: Site, field: str) -> None:
    body = {"id": "1", "text": "hello", field: "a\ud83d\x00b"}
    headers = {**await site.begin(), "Content-Type": "application/json"}
    taken = await site.http.post("/api/chat/messages", content=json.dumps(body).encode(), headers=headers)
    assert taken.status_code == 202
    await site.answer(Outgoing("Hello!"))
    assert len(await site.read(headers)) == 1


@pytest.mark.parametrize("after", ["-1", "nan", "inf", "1e400", "x", "", str(2**70)])
async def test_a_wrong_place_to_resume_begins_at_the_beginning(site: Site, after: str) -> None:
    who = await site.begin()
    await site.write(who, text="hello")
    await site.answer(Outgoing("Hello!"))
    assert len(await site.read(who, after=after)) == 1


async def test_who_writes_like_a_machine_waits_and_others_do_not(site: Site) -> None:
    who, other = await site.begin(), await site.begin()
    allowed = Settings().chat_messages
    found = [(await site.write(who, str(number), text="hello")).status_code for number in range(allowed + 5)]
    assert found[:allowed] == [202] * allowed
    assert 429 in found[allowed:]
    refused = await site.write(who, "last", text="hello")
    assert "Retry-After" in refused.headers
    assert (await site.write(other, text="hello")).status_code == 202


async def test_a_database_that_takes_nothing_is_never_acknowledged(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def full(*_: Any) -> None:
        raise OperationalError("insert secret words", {}, Exception("database or disk is full"))

    who = await site.begin()
    with monkeypatch.context() as broken:
        broken.setattr(Store, "write", full)
        broken.setattr(Store, "read", full)
        refused = await site.write(who, text="secret words")
        unread = await site.http.get("/api/chat/messages", headers=who)
        unerased = await site.http.delete("/api/chat/conversation", headers=who)
    assert [answer.status_code for answer in (refused, unread, unerased)] == [503] * 3
    assert refused.json()["error"] == "store"
    assert "Retry-After" in refused.headers
    said = "".join(capsys.readouterr())
    assert "secret" not in said
    assert who["Authorization"].removeprefix("Bearer ") not in said
    assert (await site.write(who, text="secret words")).status_code == 202


LANGUAGES = [
    ("", "ar-EG,en;q=0.5", "ar", "rtl"),
    ("?lang=ne", "ar", "ne", "ltr"),
    ("?lang=xx", "tl-PH", "fil", "ltr"),
    ("?lang=%22%3E%3Cscript%3E", "zz;q=1,,", "en", "ltr"),
]


@pytest.mark.parametrize(("query", "header", "tag", "direction"), LANGUAGES)
async def test_the_page_is_in_the_language_asked_for(
    site: Site, query: str, header: str, tag: str, direction: str
) -> None:
    page = await site.http.get(f"/chat{query}", headers={"Accept-Language": header})
    assert f'<html lang="{tag}" dir="{direction}">' in page.text
    for language in LOCALES.languages.values():
        assert f">{language.native}</option>" in page.text


async def test_the_page_allows_nothing_but_itself_and_is_never_kept(site: Site) -> None:
    first, second = await site.http.get("/"), await site.http.get("/chat")
    policy = first.headers["content-security-policy"]
    [nonce] = re.findall("script-src 'nonce-([^']+)'", policy)
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert nonce not in second.text
    assert first.text.count("<script") == first.text.count(f'<script nonce="{nonce}"') == 2
    assert not re.search(r"(src|href)=\"(?!data:)", first.text)
    assert first.headers["cache-control"] == "no-store"
    assert first.headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in first.headers


async def test_the_interface_describes_itself(site: Site) -> None:
    described = await site.http.get("/openapi.yml")
    assert described.text == (ROOT / "docs" / "openapi.yml").read_text(encoding="utf-8")
