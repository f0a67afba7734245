"""The real thing for tests: `safar up` as a process of its own, with a data directory and ports of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
SAFAR = Path(sys.executable).with_name("safar")
START_SECONDS = 90.0


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


class Running:
    """One `safar up`. The trained model and the vectors are the checkout's, everything else is new."""

    def __init__(self, data: Path, more: Mapping[str, str] | None = None) -> None:
        self.data = data
        data.mkdir(parents=True, exist_ok=True)
        for shared in ("models", "cache"):
            if not (data / shared).exists():
                (data / shared).symlink_to(ROOT / "var" / shared)
        web, action, rasa, staff = free_ports(4)
        self.url = f"http://127.0.0.1:{web}"
        self.console = f"http://127.0.0.1:{staff}"
        self.action_port, self.rasa_port, self.web_port = action, rasa, web
        self.environment = {
            **os.environ,
            "SAFAR_DATA_DIR": str(data),
            "SAFAR_WEB_PORT": str(web),
            "SAFAR_ACTION_PORT": str(action),
            "SAFAR_RASA_PORT": str(rasa),
            "SAFAR_STAFF_PORT": str(staff),
            "SAFAR_CENTRE_PHONE": "+97444556677",
            **(more or {}),
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.log = data / "up.log"

    def start(self, wait: bool = True) -> "Running":
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([SAFAR, "up"], env=self.environment, cwd=ROOT, stdout=log, stderr=log)
        if wait:
            self.wait_until_ready()
        return self

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while "Safar answers" not in self.log.read_text(encoding="utf-8", errors="replace").rpartition("=== again")[2]:
            assert self.process is not None
            assert self.process.poll() is None, self.log.read_text(encoding="utf-8", errors="replace")
            assert time.monotonic() < deadline, self.log.read_text(encoding="utf-8", errors="replace")
            time.sleep(0.1)

    def invite(self, email: str, name: str, role: str = "agent", languages: str = "en") -> str:
        """Add a colleague by the command; the link by which they set their password."""
        words = ("staff", "add", email, "--name", name, "--role", role, "--languages", languages)
        done = subprocess.run(
            [SAFAR, *words], env=self.environment, cwd=ROOT, capture_output=True, text=True, check=True
        )
        return done.stdout.split()[-1]

    def kill(self) -> None:
        """As a power cut would, for the desk; Rasa notices by itself that its parent is gone."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)
        with self.log.open("a") as log:
            log.write("=== again\n")

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(30)

    def rasa_pids(self) -> list[int]:
        found = subprocess.run(
            ["pgrep", "-f", f"bot.dialogue.serve.*{self.rasa_port}"], capture_output=True, check=False
        )
        return [int(pid) for pid in found.stdout.split()]


class Person:
    """Somebody in the web chat, over plain HTTP as docs/openapi.yml describes it."""

    def __init__(self, url: str, language: str = "en") -> None:
        self.http = httpx.Client(base_url=url, headers={"Accept-Language": language}, timeout=40, trust_env=False)
        self.key = self.http.post("/api/chat/conversations").json()["key"]
        self.http.headers["Authorization"] = f"Bearer {self.key}"
        self.last = 0
        self.count = 0

    def post(self, text: str = "", payload: str | None = None, name: str | None = None) -> httpx.Response:
        self.count += 1
        body = {"id": name or f"m{self.count}", "text": text, "payload": payload}
        return self.http.post("/api/chat/messages", json={key: value for key, value in body.items() if value})

    def replies(self, wait: float = 20) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get(
            "/api/chat/messages", params={"after": self.last, "wait": wait}
        ).json()["replies"]
        if found:
            self.last = found[-1]["id"]
        return found

    def ask(self, text: str = "", payload: str | None = None) -> list[dict[str, Any]]:
        """Send and wait for what is said to just this message."""
        response = self.post(text, payload)
        assert response.status_code == 202, response.text
        message = response.json()["message"]
        for _ in range(4):
            found = [reply for reply in self.replies() if reply["message"] == message]
            if found:
                return found
        raise AssertionError(f"no reply to {text or payload}")

    def close(self) -> None:
        self.http.close()


def payloads(reply: Mapping[str, Any]) -> list[str]:
    return [button["payload"] for button in reply["buttons"]]


def dumped(replies: list[dict[str, Any]]) -> str:
    return json.dumps(replies, ensure_ascii=False)
