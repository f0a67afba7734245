"""Rasa as the desk starts it: `python -m bot.dialogue.serve --model … --port …`. Stock `rasa run`, loopback only.

Before Rasa is imported: telemetry and Sentry off, unused libraries stood in for. After: failing actions noticed, and
connections to the action server kept. The process ends when its parent does. Imports Rasa late, on purpose.
"""

import argparse
import ctypes
import logging
import os
import signal
import sys
import warnings
from typing import TYPE_CHECKING

from bot.dialogue import faults, lazy
from bot.settings import ROOT, read

if TYPE_CHECKING:
    from rasa.core.utils import AvailableEndpoints

PR_SET_PDEATHSIG = 1
QUIET = ("rasa", "sanic", "apscheduler", "asyncio", "aiohttp")


def main() -> None:
    """Serve until SIGTERM."""
    options = _options()
    prepare()
    _end_with_parent(options.parent)
    from rasa.core.run import serve_application

    adapt()
    serve_application(
        model_path=options.model,
        interface="127.0.0.1",
        port=options.port,
        credentials=str(ROOT / "credentials.yml"),
        endpoints=endpoints(),
        enable_api=False,
    )


def endpoints() -> "AvailableEndpoints":
    """Those of `endpoints.yml`, with the port and the token of this start for the actions."""
    from rasa.core.utils import AvailableEndpoints

    chosen = read()
    found = AvailableEndpoints.read_endpoints(str(ROOT / "endpoints.yml"))
    found.action.url = f"http://127.0.0.1:{chosen.action_port}/actions"
    found.action.token = chosen.action_token
    return found


def prepare() -> None:
    """What must be done before Rasa is imported, in every process of ours that imports it."""
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    os.environ["RASA_TELEMETRY_DEBUG"] = "false"
    os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
    warnings.simplefilter("ignore")
    lazy.install()
    quiet()


def quiet() -> None:
    """Rasa logs what people write at DEBUG and below WARNING; neither is ever written."""
    import structlog

    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


def adapt() -> None:
    """Small changes to Rasa 3.6 that its configuration doesn't offer; each says why where it is made."""
    from rasa import telemetry
    from rasa.core import run
    from rasa.core.actions.action import RemoteAction

    telemetry.is_telemetry_enabled = lambda: False
    telemetry.initialize_error_reporting = lambda: None
    run.rasa.core.utils.configure_file_logging = lambda *_args, **_more: None
    RemoteAction.run = faults.watch(RemoteAction.run)
    _no_memory_store()
    _keep_connections()


def _no_memory_store() -> None:
    """Rasa wraps every tracker store in one that carries on in memory when a save fails: an error must be one."""
    from rasa.core import agent

    def as_it_is(store: object, domain: object = None) -> object:
        from bot.dialogue.tracker_store import SafarTrackerStore

        if not isinstance(store, SafarTrackerStore):
            raise RuntimeError("the tracker store is not ours: conversations would live in memory, unencrypted")
        store.domain = domain
        return store

    agent.Agent._create_tracker_store = staticmethod(as_it_is)


def _keep_connections() -> None:
    """Rasa opens a new HTTP session for each action; one that stays open saves milliseconds a message."""
    import aiohttp
    from rasa.utils.endpoints import EndpointConfig

    class Kept:
        """The shared session in the shape of one that is opened and closed."""

        session: aiohttp.ClientSession | None = None

        async def __aenter__(self) -> aiohttp.ClientSession:
            if Kept.session is None or Kept.session.closed:
                Kept.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15), trust_env=False)
            return Kept.session

        async def __aexit__(self, *_error: object) -> None:
            """Left open."""

    EndpointConfig.session = lambda _endpoint: Kept()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Serve the trained model on the loopback interface.")
    parser.add_argument("--model", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--parent", type=int, default=0, help="end when this process has ended")
    return parser.parse_args()


def _end_with_parent(parent: int) -> None:
    """Linux ends us when the parent dies, however it does: nothing here is half saved. One that is gone is noticed."""
    if not parent:
        return
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(0)


if __name__ == "__main__":
    main()
