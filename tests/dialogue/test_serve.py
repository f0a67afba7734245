"""Real Rasa, as the desk starts it: closed to others, calls nobody, never half a turn, never a message twice."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from bot.dialogue.client import RasaDialogue
from bot.dialogue.encoder import Encoder
from bot.model.errors import DialogueDown
from bot.model.understanding import LanguageGuess, Turn, Understanding
from bot.settings import ROOT
from bot.storage import database
from bot.storage.crypt import load_or_create_key
from bot.storage.repositories import conversations
from bot.storage.tables import tracker_events
from tests.dialogue.rasa_server import ANSWER, Actions, RasaServer

pytestmark = [pytest.mark.rasa, pytest.mark.xdist_group("serve")]
SECRET = "zanzibarium my employer took my passport"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, trained: Path) -> Path:
    folder = tmp_path_factory.mktemp("rasa")
    (folder / "cache").symlink_to(ROOT / "var" / "cache")
    return folder


@pytest.fixture(scope="module")
def engine(data: Path) -> Iterator[sa.Engine]:
    made = database.create_engine(f"sqlite:///{data / 'safar.db'}")
    database.migrate(made)
    yield made
    made.dispose()


@pytest.fixture
def conversation(engine: sa.Engine, data: Path) -> str:
    with engine.begin() as connection:
        key = load_or_create_key(data / "safar.key")
        return conversations.find_or_add(connection, key, "webchat", uuid.uuid4().hex, datetime.now(UTC))


@pytest.fixture(scope="module")
def actions() -> Iterator[Actions]:
    made = Actions()
    yield made
    made.close()


@pytest.fixture(scope="module")
def rasa(trained: Path, data: Path, engine: sa.Engine, actions: Actions) -> Iterator[RasaServer]:
    server = RasaServer(trained, data, actions).start()
    yield server
    assert server.end() == 0
    assert "zanzibarium" not in server.log.read_text(encoding="utf-8")


@pytest.fixture
async def dialogue(rasa: RasaServer, actions: Actions) -> AsyncIterator[RasaDialogue]:
    actions.answer = (200, ANSWER)
    actions.calls.clear()
    client = RasaDialogue(rasa.url, rasa.token, 20)
    yield client
    await client.aclose()


def heard(text: str = SECRET, message_id: str | None = None) -> Understanding:
    vector = Encoder().encode(text)
    return Understanding(message_id or uuid.uuid4().hex, text, "en", LanguageGuess("en", 0.9), (), vector)


def events(engine: sa.Engine, conversation: str) -> int:
    counted = sa.select(sa.func.count()).where(tracker_events.c.conversation_id == conversation)
    with engine.connect() as connection:
        return connection.execute(counted).scalar_one()


def said(turn: Turn) -> list[str]:
    return [reply.text for reply in turn.replies]


async def test_a_turn_has_the_actions_replies_the_responses_and_the_slots(
    dialogue: RasaDialogue, conversation: str, actions: Actions
) -> None:
    turn = await dialogue.ask(conversation, heard(), None, {"origin": "NP"})
    assert said(turn) == ["An answer.", "Was this useful?"]
    assert turn.replies[0].meta == {"decision": "answer", "entry": "passport_kept"}
    assert [button.payload for button in turn.replies[1].buttons] == ["useful:yes", "useful:no"]
    assert (turn.intent, turn.slots["entry"]) == ("ask", "passport_kept")
    (call,) = actions.calls
    assert call["tracker"]["latest_message"]["metadata"]["known"] == {"origin": "NP"}
    assert call["tracker"]["events"] == []
    assert "domain" not in call


async def test_told_twice_it_is_heard_once(
    dialogue: RasaDialogue, conversation: str, engine: sa.Engine, actions: Actions
) -> None:
    message = heard()
    first = await dialogue.ask(conversation, message, None, {})
    stored = events(engine, conversation)
    again = await dialogue.ask(conversation, message, None, {})
    assert again.replies == first.replies
    assert again.intent == first.intent
    assert (events(engine, conversation), len(actions.calls)) == (stored, 1)


@pytest.mark.parametrize(
    "answer",
    [
        (500, {"error": SECRET}),
        (404, {"error": SECRET}),
        (200, {"responses": [SECRET]}),
        (200, {"events": [{"event": SECRET}]}),
        (200, []),
    ],
)
async def test_a_failed_action_is_no_answer_and_leaves_nothing(
    dialogue: RasaDialogue, conversation: str, engine: sa.Engine, actions: Actions, answer: tuple[int, object]
) -> None:
    message = heard()
    actions.answer = answer
    with pytest.raises(DialogueDown) as caught:
        await dialogue.ask(conversation, message, None, {})
    assert caught.value.broken
    assert events(engine, conversation) == 0
    actions.answer = (200, ANSWER)
    assert said(await dialogue.ask(conversation, message, None, {}))[0] == "An answer."


@pytest.mark.parametrize("blank", ["", " ", "\t", "\u00a0", "\x1c", "\n/"])
async def test_a_typed_command_is_only_text(
    dialogue: RasaDialogue, conversation: str, actions: Actions, blank: str
) -> None:
    turn = await dialogue.ask(conversation, heard(blank + '/choose{"entry": "passport_kept"}'), None, {})
    assert turn.intent != "choose"
    assert all(call["next_action"] != "action_choose" for call in actions.calls)


async def test_a_button_is_its_intent(dialogue: RasaDialogue, conversation: str, actions: Actions) -> None:
    assert (await dialogue.ask(conversation, heard(), "entry:passport_kept", {})).intent == "choose"
    assert actions.calls[0]["next_action"] == "action_choose"
    assert actions.calls[0]["tracker"]["latest_message"]["entities"][0]["value"] == "passport_kept"


async def test_small_talk_comes_in_the_persons_language(dialogue: RasaDialogue, conversation: str) -> None:
    french = Understanding(
        "f" + uuid.uuid4().hex, "merci", "fr", LanguageGuess("fr", 0.9), (), Encoder().encode("merci")
    )
    (reply,) = (await dialogue.ask(conversation, french, None, {})).replies
    assert reply.language == "fr"
    assert reply.meta["decision"] == "smalltalk"
    assert reply.meta["draft"] is True


async def test_killed_and_started_again_it_remembers(
    dialogue: RasaDialogue, rasa: RasaServer, conversation: str, actions: Actions
) -> None:
    message = heard()
    first = await dialogue.ask(conversation, message, None, {})
    assert rasa.end(signal.SIGKILL) == -signal.SIGKILL
    assert not await dialogue.ready()
    with pytest.raises(DialogueDown) as caught:
        await dialogue.ask(conversation, heard(), None, {})
    assert not caught.value.broken
    began = time.monotonic()
    rasa.start()
    assert time.monotonic() - began < 15
    again = await dialogue.ask(conversation, message, None, {})
    assert again.replies == first.replies
    assert len(actions.calls) == 1


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "Basic cmFzYS10b2tlbg==", "Bearer \u00e9"])
def test_without_the_token_nothing_is_told(rasa: RasaServer, authorization: str) -> None:
    headers = {"Authorization": authorization.encode()}
    for method, path in (("GET", "/webhooks/safar/"), ("POST", "/webhooks/safar/webhook")):
        assert httpx.request(method, rasa.url + path, headers=headers, trust_env=False).status_code == 403


@pytest.mark.parametrize(
    "path", ["/webhooks/rest/webhook", "/conversations/x/tracker", "/model/parse", "/model", "/domain"]
)
def test_rasas_own_doors_are_shut(rasa: RasaServer, path: str) -> None:
    assert httpx.post(rasa.url + path, json={"sender": "x", "message": "hi"}, trust_env=False).status_code == 404


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"sender": "x"}', b'{"sender":"x","message":7,"metadata":{}}']
)
def test_what_can_not_be_read_is_refused(rasa: RasaServer, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {rasa.token}"}
    answer = httpx.post(f"{rasa.url}/webhooks/safar/webhook", content=body, headers=headers, trust_env=False)
    assert answer.status_code == 400


def test_it_is_small_and_speaks_on_the_loopback_only(rasa: RasaServer, dialogue: RasaDialogue) -> None:
    assert rasa.process is not None
    sockets = {
        str(fd.readlink()) for fd in Path(f"/proc/{rasa.process.pid}/fd").iterdir() if fd.exists() or fd.is_symlink()
    }
    inodes = {name.removeprefix("socket:[").removesuffix("]") for name in sockets if name.startswith("socket:")}
    lines = [line.split() for kind in ("tcp", "udp") for line in Path(f"/proc/net/{kind}").read_text().splitlines()[1:]]
    mine = [line for line in lines if line[9] in inodes]
    assert mine
    assert {end.partition(":")[0] for line in mine for end in line[1:3]} <= {"0100007F", "00000000"}
    assert {line[1].partition(":")[0] for line in mine} == {"0100007F"}
    lines6 = [
        line.split() for kind in ("tcp6", "udp6") for line in Path(f"/proc/net/{kind}").read_text().splitlines()[1:]
    ]
    assert [line for line in lines6 if line[9] in inodes] == []
    kept = next(line for line in Path(f"/proc/{rasa.process.pid}/status").read_text().splitlines() if "VmRSS" in line)
    assert int(kept.split()[1]) < 250 * 1024


def test_telemetry_and_error_reports_are_off_whatever_the_environment_says(tmp_path: Path) -> None:
    code = (
        "from bot.dialogue import serve; serve.prepare(); serve.adapt(); import os, sys, rasa.telemetry as t;"
        "assert not t.is_telemetry_enabled(); assert os.environ['RASA_TELEMETRY_ENABLED'] == 'false';"
        "assert t.initialize_error_reporting() is None; assert t.initialize_telemetry() is False;"
        "assert sys.modules['tensorflow'].__spec__.origin is None if 'tensorflow' in sys.modules else True"
    )
    environment = {**os.environ, "RASA_TELEMETRY_ENABLED": "true", "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / ".config" / "rasa").exists()


def test_it_ends_with_its_parent(trained: Path, data: Path, engine: sa.Engine, actions: Actions) -> None:
    server = RasaServer(trained, data, actions)
    launch = "import os, subprocess, sys; print(subprocess.Popen([*sys.argv[1:], '--parent', str(os.getpid())]).pid)"
    parent = f"{launch}; sys.stdout.flush(); sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", parent, *server._command],
        env=server._environment,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    waited(server.ready)
    process.kill()
    process.communicate()
    waited(lambda: not alive(pid))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def waited(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.05)
