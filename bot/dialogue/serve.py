"""Rasa as the desk starts it: `python -m bot.dialogue.serve --model … --port …`. Stock `rasa run`, loopback only.

Before Rasa is imported: telemetry and Sentry off, unused libraries stood in for. After: the changes of `adapt`. The
process ends when its parent does. Imports Rasa late, on purpose.
"""

import argparse
import ctypes
import importlib.util
import logging
import os
import signal
import sys
import traceback
import warnings
from collections.abc import MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.dialogue import lazy
from bot.dialogue.adapt import adapt
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
    silence()
    lazy.install(ROOT / "config.yml")
    _keep_bytecode()
    quiet()


def silence() -> None:
    """No warnings: they are for developers of Rasa, which switches them on again while it is imported."""
    warnings.simplefilter("ignore")
    warnings.showwarning = lambda *_warning: None


def _keep_bytecode() -> None:
    """Compiling Rasa takes half of its start. Where its compiled files can't lie beside it, they lie with our data."""
    rasa = importlib.util.find_spec("rasa")
    if rasa is not None and rasa.cached and not Path(rasa.cached).exists():
        sys.pycache_prefix = str(read().data_path / "cache" / "bytecode")
        sys.dont_write_bytecode = False


def quiet() -> None:
    """Rasa logs what people write at DEBUG and below WARNING; neither is ever written, nor what an exception says."""
    import structlog

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Placed("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _no_exception,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )


class Placed(logging.Formatter):
    """Of an exception only its type and where it came from: its words may be what somebody wrote."""

    def formatException(self, ei: Any) -> str:  # noqa: N802
        """The innermost places, one a line."""
        kind, _, trace = ei
        places = [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)[-6:]]
        return "\n".join([getattr(kind, "__name__", "error"), *places])


def _no_exception(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: the same for Rasa's own logger."""
    event.pop("exc_info", None)
    return event


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
