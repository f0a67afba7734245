"""Who has a claim: a name for each process that says on which machine it runs. Imports nothing of Safar."""

import os
import socket
import uuid
from contextlib import suppress


def name() -> str:
    """A name for this process."""
    return f"{_host()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def is_dead(owner: str) -> bool:
    """Is it certain that the process of this name has ended? Only said of processes of this machine."""
    parts = owner.split(":")
    if len(parts) != 3 or parts[0] != _host() or not parts[1].isdecimal():
        return False
    with suppress(PermissionError):
        try:
            os.kill(int(parts[1]), 0)
        except (ProcessLookupError, OverflowError):
            return True
    return False


def _host() -> str:
    return socket.gethostname().replace(":", "-")[:30]
