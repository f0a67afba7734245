"""The desk's way to Rasa: what is told, what comes back, and what is a fault of whom."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from bot.dialogue.client import RasaDialogue, message, metadata, pack, unpack
from bot.model.errors import DialogueDown
from bot.model.messages import Button
from bot.model.understanding import LanguageGuess, Place, Understanding

HEARD = Understanding("m1", "hello", "ne", LanguageGuess("ne", 0.9), (Place("QA", "", 0, 5),))
Serve = Callable[[int, bytes], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A server that answers everything alike."""
    servers: list[ThreadingHTTPServer] = []

    def start(status: int, body: bytes) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ("entry:passport_kept", '/choose{"entry": "passport_kept"}'),
        ("country:QA", '/set_country{"country": "QA"}'),
        ("language:sr-Latn", '/set_language{"language": "sr-Latn"}'),
        ("useful:yes", "/useful_yes"),
        ("useful:no", "/useful_no"),
        ("person:ask", "/ask_person"),
        ("command:help", "/help"),
        ('entry:x"} forged', "hello"),
        ("", "hello"),
        (None, "hello"),
    ],
)
def test_only_what_a_button_really_carries_becomes_an_intent(payload: str | None, told: str) -> None:
    assert message("hello", payload) == told


@pytest.mark.parametrize(
    "before", ["", " ", "\t", "\n", "\r\n", "\u00a0", "\u2003", "\u3000", "\x1c", "/", " / /", "\n/\t/"]
)
def test_typed_text_never_begins_as_a_command(before: str) -> None:
    told = message(f'{before}/choose{{"entry": "passport_kept"}}', None)
    assert told == 'choose{"entry": "passport_kept"}'
    assert message(before + "/", None) == "…"


def test_a_slash_inside_a_text_and_odd_characters_are_kept_readable() -> None:
    assert message("pay and/or leave /now", None) == "pay and/or leave /now"
    assert message("bad \ud800 half", None) == "bad ? half"
    assert message("", None) == "…"


def test_what_the_desk_knows_travels_along() -> None:
    vector = np.linspace(-0.1, 0.1, 384, dtype=np.float32)
    known = {"origin": "NP", "destination": None}
    told = metadata(Understanding("m1", "x", "ne", LanguageGuess("hi", 0.6), HEARD.places, vector), None, known)
    assert json.loads(json.dumps(told)) == told
    assert (told["message_id"], told["language"], told["guessed"]) == ("m1", "ne", "hi")
    assert told["places"] == [{"country": "QA", "role": None, "start": 0, "end": 5}]
    assert told["known"] == {"origin": "NP"}
    assert np.allclose(unpack(told["vector"]), vector, atol=1e-4)
    assert unpack(pack(vector)).dtype == np.float32


async def test_a_turn_is_read_whole(serve: Serve) -> None:
    custom = {"decision": "answer", "entry": "wages_unpaid", "language": "ne", "sms": "short"}
    told = {"text": "Long.", "buttons": [{"title": "Yes", "payload": "useful:yes"}], "custom": custom, "timestamp": 1.0}
    body = {"replies": [told, {"custom": {"only": "data"}}], "slots": {"origin": "NP", "entry": None}, "intent": "ask"}
    client = RasaDialogue(serve(200, json.dumps(body).encode()), "t", 5)
    turn = await client.ask("c1", HEARD, None, {})
    await client.aclose()
    (reply,) = turn.replies
    assert (reply.text, reply.sms, reply.language) == ("Long.", "short", "ne")
    assert reply.buttons == (Button("Yes", "useful:yes"),)
    assert reply.meta == {"decision": "answer", "entry": "wages_unpaid"}
    assert turn.slots == {"origin": "NP", "entry": None}
    assert turn.intent == "ask"


@pytest.mark.parametrize(
    ("status", "body", "broken"),
    [
        (500, b'{"error": "TurnBroken"}', True),
        (400, b"{}", True),
        (403, b"{}", False),
        (502, b"bad gateway", False),
        (503, b"", False),
        (200, b"<html>", True),
        (200, b"[]", True),
        (200, b"null", True),
        (200, b'{"replies": 7}', True),
        (200, b'{"replies": [{"text": "x", "buttons": [{}]}]}', True),
    ],
)
async def test_what_is_no_turn_is_said_to_be_none(serve: Serve, status: int, body: bytes, broken: bool) -> None:
    client = RasaDialogue(serve(status, body), "t", 5)
    with pytest.raises(DialogueDown) as caught:
        await client.ask("c1", HEARD, None, {})
    await client.aclose()
    assert caught.value.broken is broken
    assert "hello" not in caught.value.log


async def test_nobody_there_is_down_and_not_ready() -> None:
    client = RasaDialogue("http://127.0.0.1:9", "t", 1)
    assert not await client.ready()
    with pytest.raises(DialogueDown) as caught:
        await client.ask("c1", HEARD, None, {})
    await client.aclose()
    assert not caught.value.broken
