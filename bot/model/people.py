"""A person's conversation as the stages see it. PURE: imports `messages` only.

Nothing here says who the person is: `id` is random, `address` is what the channel needs to answer and is encrypted at
rest. Legal status, employer and exact place are never fields of anything.
"""

from dataclasses import dataclass

from bot.model.messages import Button


@dataclass(frozen=True)
class Conversation:
    """One person on one channel. `menu` is what a bare number picks from (SMS); `rest` is what MORE sends next."""

    id: str
    channel: str
    address: str
    language: str | None = None
    language_chosen: bool = False  # the person chose it: recognition no longer changes it on a short message
    origin: str | None = None  # ISO 3166-1 alpha-2
    destination: str | None = None
    stopped: bool = False
    unreachable: bool = False
    held_by: str | None = None  # the staff member who has the case: the assistant is silent
    contact: str | None = None  # `cases.Contact`: may somebody write unasked?
    discreet: bool = False  # no name of the service in what is sent
    code: str | None = None  # digest of the word that deletes everything
    menu: tuple[Button, ...] = ()
    rest: tuple[str, ...] = ()
    expects: str = ""  # what the next message is taken for: "code"
