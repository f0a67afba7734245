"""Rasa as a child process: started, watched, started again when it dies, ended with us. Imports `settings`, `model`.

It gets its tokens and the place of the database through the environment, never on the command line, where every user
of the machine could read them.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.settings import ROOT, Settings

log = structlog.get_logger()
LONGEST_PAUSE = 30.0
GRACE = 8.0


@dataclass(frozen=True)
class Tokens:
    """Secrets between desk and Rasa, made anew at each start."""

    rasa: str
    actions: str


class RasaProcess:
    """One `python -m bot.dialogue.serve` on the loopback interface, kept alive until `stop()`."""

    def __init__(self, settings: Settings, model: Path, tokens: Tokens, log_file: Path) -> None:
        self._settings = settings
        self._model = model
        self._tokens = tokens
        self._log_file = log_file
        self._child: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the process and keep it alive."""
        await self._spawn()
        self._keeper = asyncio.create_task(self._keep())

    @property
    def pid(self) -> int | None:
        """The process id, or None when it is not running."""
        return self._child.pid if self._child and self._child.returncode is None else None

    async def stop(self) -> None:
        """End it cleanly; kill it if it does not end in time."""
        if self._keeper:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._child and self._child.returncode is None:
            with suppress(ProcessLookupError):
                self._child.terminate()
            await self._ended_or(self._child.kill)

    async def _ended_or(self, kill: Callable[[], None]) -> None:
        if self._child is None:
            return
        try:
            async with asyncio.timeout(GRACE):
                await self._child.wait()
        except TimeoutError:
            kill()
            await self._child.wait()

    async def _keep(self) -> None:
        pause = 1.0
        while self._child is not None:
            began = asyncio.get_running_loop().time()
            code = await self._child.wait()
            log.warning("rasa_ended", code=code)
            lived = asyncio.get_running_loop().time() - began
            pause = 1.0 if lived > LONGEST_PAUSE else min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(pause)
            await self._spawn()

    async def _spawn(self) -> None:
        command = [sys.executable, "-m", "bot.dialogue.serve", "--model", str(self._model)]
        self._log_file.parent.mkdir(parents=True, exist_ok=True)
        with self._log_file.open("ab") as output:
            self._child = await asyncio.create_subprocess_exec(
                *command,
                "--parent",
                str(os.getpid()),
                "--port",
                str(self._settings.rasa_port),
                cwd=ROOT,
                env=self._environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def _environment(self) -> dict[str, str]:
        ours = {
            "SAFAR_DATA_DIR": str(self._settings.data_path),
            "SAFAR_DATABASE_URL": self._settings.database,
            "SAFAR_ACTION_PORT": str(self._settings.action_port),
            "SAFAR_RASA_TOKEN": self._tokens.rasa,
            "SAFAR_ACTION_TOKEN": self._tokens.actions,
            "RASA_TELEMETRY_ENABLED": "false",
            "PYTHONUNBUFFERED": "1",
        }
        return {**os.environ, **ours}
