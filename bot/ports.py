"""Network ports of this machine. Imports `bot.model` only."""

import errno
import socket

from bot.model.errors import SetupError


def check_free(host: str, port: int, option: str) -> None:
    """Raises `SetupError` saying which option to change when nothing can listen there."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as bad:
        raise SetupError(_explain(bad, host, port, option)) from bad
    except OverflowError as bad:
        message = f"{port} is no port: set {option} to a number from 1 to 65535."
        raise SetupError(message) from bad


def _explain(bad: OSError, host: str, port: int, option: str) -> str:
    if bad.errno == errno.EADDRINUSE:
        return f"Port {port} is in use by another program: end it, or choose another port with {option}=…"
    if bad.errno == errno.EACCES:
        return f"Port {port} needs administrator rights: choose one above 1023 with {option}=…"
    return f"Nothing can listen at {host}:{port} ({bad.strerror}): check the address and {option}."


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
