"""Changes to Rasa 3.6 that its configuration doesn't offer, made in our serving and training processes only.

Each function says why. They reach into Rasa's insides, so `adapt` refuses any other version. Imports Rasa when called.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.dialogue import faults

VERSION = "3.6."
SECONDS = 15
"""How long an action may take."""


def adapt() -> None:
    """Make all changes. Raises `RuntimeError` when this is not the Rasa they were made for."""
    import rasa

    if not rasa.__version__.startswith(VERSION):
        message = f"Rasa {rasa.__version__} is installed; bot/dialogue/adapt.py knows {VERSION}x only"
        raise RuntimeError(message)
    _call_nobody()
    _break_off()
    _no_memory_store()
    _keep_connections()
    _check_answers_quickly()
    _leave_history_at_home()


def _call_nobody() -> None:
    """Telemetry and error reporting off, whatever a configuration file of an earlier Rasa or the environment says."""
    from rasa import telemetry
    from rasa.core import run

    telemetry.is_telemetry_enabled = lambda: False
    telemetry.initialize_error_reporting = lambda: None
    telemetry.initialize_telemetry = lambda: False
    run.rasa.core.utils.configure_file_logging = lambda *_args, **_more: None


def _break_off() -> None:
    """Rasa logs a failed action and goes on as if the person had been answered: it has to end the turn."""
    from rasa.core.actions.action import ActionBotResponse, RemoteAction

    for action in (ActionBotResponse, RemoteAction):
        if not getattr(action.run, "safar", False):
            action.run = _marked(faults.watch(action.run))


def _marked(run: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    run.safar = True  # type: ignore[attr-defined]
    return run


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
                Kept.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS), trust_env=False)
            return Kept.session

        async def __aexit__(self, *_error: object) -> None:
            """Left open."""

    EndpointConfig.session = lambda _endpoint: Kept()


def _check_answers_quickly() -> None:
    """Rasa checks the schema itself before each answer that it checks with it: 11 of 15 milliseconds a message."""
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
    from rasa.core.actions.action import RemoteAction

    schema: Mapping[str, Any] = RemoteAction.action_response_format_spec()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)

    def check(_action: object, answer: object) -> bool:
        """Raises jsonschema's `ValidationError`, as Rasa's own does."""
        validator.validate(answer)
        return True

    RemoteAction._validate_action_result = check


def _leave_history_at_home() -> None:
    """Rasa sends all events of a conversation with each call; our actions read slots and the latest message only."""
    from rasa.core.actions.action import RemoteAction
    from rasa.shared.core.trackers import EventVerbosity

    whole = RemoteAction._action_call_format

    class Short:
        """A tracker that tells its state without its events."""

        def __init__(self, tracker: Any) -> None:
            self._tracker = tracker
            self.sender_id = tracker.sender_id

        def current_state(self, _verbosity: object) -> dict[str, Any]:
            state: dict[str, Any] = self._tracker.current_state(EventVerbosity.NONE)
            state["events"] = []
            return state

    def call_format(action: Any, tracker: Any, domain: Any) -> dict[str, Any]:
        body: dict[str, Any] = whole(action, Short(tracker), domain)
        return body

    RemoteAction._action_call_format = call_format
