"""The loopback endpoint that Rasa calls for its actions: Rasa's action server protocol, in the desk's event loop.

https://rasa.com/docs/rasa/action-server/ describes requests and answers. The token keeps every other process of the
machine out. An action that fails answers 500; Rasa's side then breaks the turn off, and the message is told again.
"""

import hmac
import json
from collections.abc import Mapping
from typing import Any

import structlog
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

log = structlog.get_logger()


class ActionServer:
    """POST /actions?token=…"""

    def __init__(self, actions: Mapping[str, Action], token: str) -> None:
        self._actions = actions
        self._token = token

    def app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(routes=[Route("/actions", self.call, methods=["POST"]), Route("/health", self.health)])

    async def health(self, request: Request) -> JSONResponse:
        """Alive, for whoever has the token."""
        return JSONResponse({"status": "ok"}) if self._trusted(request) else JSONResponse({"error": "refused"}, 403)

    async def call(self, request: Request) -> JSONResponse:
        """Run one action."""
        if not self._trusted(request):
            return JSONResponse({"error": "refused"}, 403)
        try:
            body = json.loads(await request.body())
            action = self._actions[body["next_action"]]
            tracker = _tracker(body["tracker"])
        except (ValueError, KeyError, TypeError, AttributeError):
            return JSONResponse({"error": "unknown action or unreadable tracker", "action_name": ""}, 404)
        dispatcher = CollectingDispatcher()
        try:
            events = await action.run(dispatcher, tracker, body.get("domain") or {})
        except Exception as fault:
            log.error("action_failed", action=action.name(), error=type(fault).__name__, exc_info=True)
            return JSONResponse({"error": type(fault).__name__, "action_name": action.name()}, 500)
        return JSONResponse({"events": events, "responses": dispatcher.messages})

    def _trusted(self, request: Request) -> bool:
        given = request.query_params.get("token", "")
        return bool(self._token) and hmac.compare_digest(given.encode(), self._token.encode())


def _tracker(state: Mapping[str, Any]) -> Tracker:
    """Only what the actions use: the events stay behind."""
    return Tracker(
        state["sender_id"],
        state["slots"],
        state["latest_message"],
        [],
        False,
        None,
        {},
        state.get("latest_action_name"),
    )
