"""Killed at any moment, nothing that was acknowledged is lost, and nobody is answered twice."""

import os
import signal
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest

from tests.whole.running import Person, Running, dumped

pytestmark = [pytest.mark.rasa, pytest.mark.xdist_group("crash")]


def test_every_acknowledged_message_is_answered_once_after_the_desk_was_killed(trained: Path, tmp_path: Path) -> None:
    running = Running(tmp_path / "data").start()
    people = [Person(running.url) for _ in range(6)]
    acknowledged: dict[str, Person] = {}
    for number in range(4):
        for one in people:
            if number == 3 and one is people[3]:
                running.kill()  # with messages before Rasa, in Rasa, and on their way out
            try:
                response = one.post(f"my wages are not paid, month {number}")
            except httpx.HTTPError:
                continue
            assert response.status_code == 202
            acknowledged[response.json()["message"]] = one
    assert len(acknowledged) >= 20
    running.start()
    answered: Counter[str] = Counter()
    for one in people:
        deadline = time.monotonic() + 60
        mine = {message for message, owner in acknowledged.items() if owner is one}
        while not mine <= set(answered) and time.monotonic() < deadline:
            answered.update(reply["message"] for reply in one.replies(wait=5))
        answered.update(reply["message"] for reply in one.replies(wait=0.5))
        one.close()
    assert {message: answered[message] for message in acknowledged} == dict.fromkeys(acknowledged, 1)
    assert running.stop() == 0


def test_with_rasa_killed_danger_is_seen_and_answers_come_when_it_is_back(trained: Path, tmp_path: Path) -> None:
    running = Running(tmp_path / "data").start()
    one = Person(running.url)
    assert "I am Safar" in dumped(one.ask("hello"))
    for _ in range(2):
        for pid in running.rasa_pids():
            os.kill(pid, signal.SIGKILL)
        waiting = one.post("my employer keeps my passport")
        assert waiting.status_code == 202
        began = time.monotonic()
        urgent = one.post("he beats me and locked me in")
        first = one.replies()
        assert first[0]["message"] == urgent.json()["message"]
        assert first[0]["urgent"]
        assert time.monotonic() - began < 5
        later = [reply for _ in range(4) for reply in one.replies(wait=8)]
        assert any(
            r["message"] == waiting.json()["message"] and "employer may not keep your passport" in r["text"]
            for r in later
        )
    one.close()
    assert running.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_both_processes_end_cleanly(trained: Path, tmp_path: Path, number: int) -> None:
    running = Running(tmp_path / "data").start()
    assert running.rasa_pids()
    assert running.stop(number) == 0
    assert running.rasa_pids() == []
    assert "Traceback" not in running.log.read_text(encoding="utf-8")


def test_rasa_ends_when_the_desk_is_killed(trained: Path, tmp_path: Path) -> None:
    running = Running(tmp_path / "data").start()
    running.kill()
    deadline = time.monotonic() + 15
    while running.rasa_pids() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert running.rasa_pids() == []
