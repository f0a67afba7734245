"""Waiting for an event or for a while. Imports nothing of Safar."""

import asyncio


async def either(event: asyncio.Event, seconds: float) -> None:
    """Return when the event is set, or after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
