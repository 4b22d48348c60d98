"""What holds for every request and answer: how long a body may be, and the headers that keep a browser in check."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from include.interfaces.api.problems import problem

LONGEST_BODY = 256 * 1024  # bytes
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Limits:
    """Reads a body to its end before the app sees it, and refuses one that is too long after its first bytes too many.

    Headers that a route set itself are left as they are.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        checked = _with_headers(send)
        body = await _read(receive)
        if body is None:
            told = f"the body has more than {LONGEST_BODY:,} bytes"
            await problem(413, told, headers={"Connection": "close"})(scope, receive, checked)
            return
        await self._app(scope, _replayed(body, receive), checked)


async def _read(receive: Receive) -> bytes | None:
    """The whole body; None for one that is too long."""
    parts, length, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        if length > LONGEST_BODY:
            return None
        more = message.get("more_body", False)
    return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """What gives the body once, and then what comes from the client."""
    told = False

    async def replay() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _with_headers(send: Send) -> Send:
    async def checked(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", []))
            there = {name.lower() for name, _ in headers}
            headers += [pair for pair in HEADERS if pair[0] not in there]
            message = {**message, "headers": headers}
        await send(message)

    return checked
