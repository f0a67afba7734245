"""Rasa as the desk starts it, with an action server whose answers a test chooses."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from bot.settings import ROOT
from tests.whole.running import free_ports

ANSWER = {
    "events": [{"event": "slot", "name": "entry", "value": "passport_kept"}],
    "responses": [
        {"text": "An answer.", "custom": {"decision": "answer", "entry": "passport_kept", "language": "en"}},
        {"response": "utter_useful"},
    ],
}


class Actions:
    """An action server; `answer` is what it says next (status, JSON), `calls` what it was asked."""

    def __init__(self) -> None:
        self.answer: tuple[int, Any] = (200, ANSWER)
        self.calls: list[dict[str, Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                outer.calls.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                status, said = outer.answer
                body = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class RasaServer:
    """One `python -m bot.dialogue.serve`."""

    token = "rasa-token"

    def __init__(self, model: Path, data: Path, actions: Actions) -> None:
        self.port = free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data / "rasa.log"
        self._command = [sys.executable, "-m", "bot.dialogue.serve", "--model", str(model), "--port", str(self.port)]
        self._environment = {
            **os.environ,
            "SAFAR_DATA_DIR": str(data),
            "SAFAR_RASA_TOKEN": self.token,
            "SAFAR_ACTION_TOKEN": "action-token",
            "SAFAR_ACTION_PORT": str(actions.port),
            "RASA_TELEMETRY_ENABLED": "true",  # our code must say no by itself
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "RasaServer":
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self._command, "--parent", str(os.getpid())],
                env=self._environment,
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 60
        while not self.ready():
            assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return self

    def ready(self) -> bool:
        try:
            headers = {"Authorization": f"Bearer {self.token}"}
            return httpx.get(f"{self.url}/webhooks/safar/", headers=headers, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def end(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(15)
