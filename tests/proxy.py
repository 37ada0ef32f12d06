"""A TCP proxy that makes a network bad: slow, cut, closed, or silent."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from threading import Thread
from typing import Any

_CHUNK = 64 * 1024
_CHUNKS = 64  # on their way in one direction; then the sender waits, as it does on a real network


class Proxy:
    """Passes connections to `127.0.0.1:target_port` on; a context manager. Its methods may be called from any thread.

    Parameters
    ----------
    target_port
        Where the server listens.
    port
        Where to listen; by default a free one. A broker tells clients its own address, so give it this one's.

    Examples
    --------
    >>> with Proxy(6379) as proxy:  # doctest: +SKIP
    ...     client = redis.Redis(port=proxy.port)
    ...     proxy.delay(0.2)
    """

    def __init__(self, target_port: int, port: int = 0) -> None:
        self.port = port
        self._target = target_port
        self._delay = 0.0
        self._muted = False
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._flowing: asyncio.Event
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name=f"proxy to {target_port}", daemon=True)

    def __enter__(self) -> Proxy:
        self._thread.start()
        self._do(self._open())
        return self

    def __exit__(self, *error: object) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def connections(self) -> int:
        """Connections that pass through now."""
        return len(self._writers) // 2

    def delay(self, seconds: float) -> None:
        """Let each request arrive this much later; nothing else gets slower."""
        self._delay = seconds

    def cut(self) -> None:
        """Reset all connections; new ones are let through."""
        self._do(self._cut())

    def mute(self) -> None:
        """Let requests arrive and lose the answers, in connections old and new, until `unmute`."""
        self._muted = True

    def unmute(self) -> None:
        """Undo `mute`: connections that have lost answers are reset."""
        self._muted = False
        self._do(self._cut())

    def block(self) -> None:
        """Refuse new connections; those that stand go on."""
        self._do(self._block())

    def unblock(self) -> None:
        """Undo `block`."""
        self._do(self._listen())

    def stall(self) -> None:
        """Pass nothing on, in connections old and new, and close none: the network has gone silent."""
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def flow(self) -> None:
        """Undo `stall`: what has been sent meanwhile arrives."""
        self._loop.call_soon_threadsafe(self._flowing.set)

    def _do(self, what: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(30)

    async def _open(self) -> None:
        self._flowing = asyncio.Event()
        self._flowing.set()
        await self._listen()

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _block(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _close(self) -> None:
        await self._block()
        await self._cut()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answers, requests = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, requests}
        self._writers |= both
        tasks = [
            asyncio.create_task(self._pass(reader, requests, late=True)),
            asyncio.create_task(self._pass(answers, writer, late=False)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            for one in both:
                one.close()
            self._writers -= both

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, late: bool) -> None:
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_CHUNKS)
        sending = asyncio.create_task(self._send(waiting, writer, late=late))
        try:
            with suppress(OSError):
                while chunk := await reader.read(_CHUNK):
                    await waiting.put((self._loop.time() + (self._delay if late else 0.0), chunk))
                await waiting.put((0.0, b""))
                await sending
        finally:
            sending.cancel()

    async def _send(
        self, waiting: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter, *, late: bool
    ) -> None:
        with suppress(OSError):
            while True:
                due, chunk = await waiting.get()
                await asyncio.sleep(max(0.0, due - self._loop.time()))
                await self._flowing.wait()
                if not chunk:
                    return
                if self._muted and not late:
                    continue
                writer.write(chunk)
                await writer.drain()
