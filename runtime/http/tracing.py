"""The trace of a request: taken from `traceparent` or begun here, and told to the caller as `trace-id`."""

from __future__ import annotations

from runtime.http.asgi import ASGIApp, Message, Receive, Scope, Send, header
from runtime.ids import new_trace_context, next_step
from runtime.trace import current_trace, parse_traceparent


class TraceRequests:
    """Sets `runtime.trace.current_trace` for everything that happens during a request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request inside its trace."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = header(scope, b"traceparent")
        parent = parse_traceparent(sent.decode("latin-1")) if sent else None
        trace = next_step(parent) if parent else new_trace_context()
        line = (b"trace-id", trace.trace_id.encode())

        async def send_with_trace(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), line]
            await send(message)

        token = current_trace.set(trace)
        try:
            await self._app(scope, receive, send_with_trace)
        finally:
            current_trace.reset(token)
