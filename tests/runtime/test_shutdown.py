"""The end of a process: asked for, or because a part of it died."""

from __future__ import annotations

import asyncio
import signal
import sys
import textwrap

import pytest

from runtime.shutdown import Shutdown, end_all, supervise
from tests.runtime.conftest import free_port

EXIT_WAIT_S = 20.0

# A process with an HTTP server and a stream of events that never ends by itself.
PROCESS = textwrap.dedent("""
    import asyncio, sys
    from runtime.logs import configure_logging
    from runtime.server import serve_http
    from runtime.shutdown import Shutdown, end_all, supervise

    async def app(scope, receive, send):
        if scope["type"] != "http":
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": b"tick", "more_body": True})
            await asyncio.sleep(0.1)

    async def main():
        configure_logging("test", "info")
        shutdown = Shutdown()
        shutdown.listen()
        tasks = {"http": serve_http(app, host="127.0.0.1", port=int(sys.argv[1]), shutdown=shutdown)}
        return await supervise(tasks, shutdown)

    raise SystemExit(asyncio.run(main()))
""")


async def _until(shutdown: Shutdown) -> None:
    await shutdown.wait()


async def test_a_requested_stop_ends_every_task_and_leaves_with_0() -> None:
    shutdown = Shutdown()
    running = asyncio.create_task(supervise({"a": _until(shutdown), "b": _until(shutdown)}, shutdown))
    await asyncio.sleep(0)
    shutdown.request("asked")
    shutdown.request("asked again")

    assert await running == 0
    assert shutdown.reason == "asked"


async def test_the_first_failure_stops_the_others_and_leaves_with_1() -> None:
    shutdown = Shutdown()
    ended = []

    async def watches() -> None:
        await shutdown.wait()
        ended.append("watches")

    async def fails() -> None:
        raise RuntimeError("broken")

    assert await supervise({"watches": watches(), "fails": fails()}, shutdown) == 1
    assert ended == ["watches"]


async def test_a_task_that_ends_unasked_is_a_failure() -> None:
    async def ends() -> None:
        return

    shutdown = Shutdown()
    assert await supervise({"ends": ends(), "waits": _until(shutdown)}, shutdown) == 1


async def test_a_task_that_does_not_end_is_cancelled_after_the_drain() -> None:
    cancelled = asyncio.Event()

    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    shutdown = Shutdown()
    shutdown.request("asked")
    async with asyncio.timeout(5):
        assert await supervise({"stubborn": stubborn()}, shutdown, drain_s=0.05) == 0
    assert cancelled.is_set()


async def test_a_failure_while_draining_counts() -> None:
    shutdown = Shutdown()

    async def fails_late() -> None:
        await shutdown.wait()
        raise RuntimeError("could not finish")

    running = asyncio.create_task(supervise({"late": fails_late()}, shutdown))
    await asyncio.sleep(0)
    shutdown.request("asked")

    assert await running == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_a_serving_process_although_a_stream_is_open(number: signal.Signals) -> None:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROCESS, str(port), stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(EXIT_WAIT_S):
            assert process.stderr is not None
            while b"http_started" not in await process.stderr.readline():
                pass
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            await reader.readuntil(b"tick")
            process.send_signal(number)
            log = (await process.communicate())[1].decode()
        writer.close()
    finally:
        if process.returncode is None:
            process.kill()

    assert process.returncode == 0
    assert f'"reason":"{number.name}"' in log


async def test_a_task_that_loses_a_cancellation_is_cancelled_again() -> None:
    """As one does that waits with `asyncio.wait_for`, when the answer and the cancellation come together."""
    lost = 0

    async def answers() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                lost += 1
                if lost == 2:
                    raise

    async def fails() -> None:
        raise RuntimeError("its own affair")

    tasks = [asyncio.create_task(answers()), asyncio.create_task(fails())]
    await asyncio.sleep(0)

    async with asyncio.timeout(EXIT_WAIT_S):
        await end_all(tasks, again_s=0.01)

    assert lost == 2
    assert tasks[0].cancelled()
