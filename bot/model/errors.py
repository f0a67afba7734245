"""The one tree of errors that Safar raises on purpose.

    SafarError
    ├── Refused            a request whose sender is not who it must be       (HTTP 401/403)
    ├── Malformed          a request that cannot be read                      (HTTP 400/413/415)
    ├── SendError          a message that did not leave
    │   ├── TryAgain       … but may later (network, gateway busy, flood control)
    │   ├── GiveUp         … and never will, this message only
    │   └── Unreachable    … and neither will any other to this person
    ├── DialogueDown       Rasa does not answer; the message waits
    └── SetupError         the operator must do something; said in one sentence

Errors are values that carry what the one who decides needs: whether to try again and when, what may be logged (never
anything personal) and, for `SetupError`, what the operator reads. Imports nothing of Safar.
"""


class SafarError(Exception):
    """Base of all. `log` is safe to write to a log: it holds no text and no address of a person."""

    def __init__(self, log: str) -> None:
        super().__init__(log)
        self.log = log


class Refused(SafarError):
    """The caller of a webhook could not prove who they are. Nothing was stored."""


class Malformed(SafarError):
    """The request cannot be understood, and sending it again will not help. `status` is the HTTP status to answer."""

    def __init__(self, log: str, status: int = 400) -> None:
        super().__init__(log)
        self.status = status


class SendError(SafarError):
    """A message that did not leave; the subclass says what to do about it."""


class TryAgain(SendError):
    """Later it may work. `after` is the number of seconds the gateway asked for, or None for our own schedule."""

    def __init__(self, log: str, after: float | None = None) -> None:
        super().__init__(log)
        self.after = after


class GiveUp(SendError):
    """This message will never be accepted (bad content, too long, forbidden); others to the same person may."""


class Unreachable(SendError):
    """This person can't be reached any more on this channel (bot blocked, number gone, opted out)."""


class DialogueDown(SafarError):
    """Rasa gave no turn; the message stays stored and is taken up again.

    `broken` is true when Rasa is alive and failed on this very message, false when it could not be reached at all.
    """

    def __init__(self, log: str, broken: bool = False) -> None:
        super().__init__(log)
        self.broken = broken


class SetupError(SafarError):
    """Something only the operator can mend. The text is one sentence that says what to do."""
