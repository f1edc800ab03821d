"""HTTP manners: what every request meets before and after the application.

Pure ASGI wrappers, outermost first:

    server.ops_app           /metrics and /health/*, answered before anything else looks at the request
    tracing.TraceRequests    `traceparent` in, `trace-id` out
    measuring.MeasureRequests  counts and durations
    deadlines.Deadline       a late answer is a 503 that says so
    runtime.auth.Authenticate  token → principal, or 401
    body_gate.BodyGate       hostile bodies end here
    the Litestar application with `problem_handlers()`
"""
