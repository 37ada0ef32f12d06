"""The workers of a campaign, as processes: started, told what to do, and started again when they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.chaos.worker import TOLD

_RESTARTS = 60  # of one worker in one round: more is a loop
_LEAVE = 120.0  # seconds
_WORKER = [sys.executable, "-m", "tests.chaos.worker"]
_ENDS = (0, TOLD, -signal.SIGKILL, -signal.SIGTERM)


class Broken(Exception):
    """The product has not done what it promises."""


class Spares:
    """Processes that have imported all they need and wait for settings, since a start takes seconds.

    Parameters
    ----------
    count
        How many wait.
    log
        Where they write until they have a log of their own.
    """

    def __init__(self, count: int, log: Path) -> None:
        self._count = count
        self._log = log
        self._waiting: deque[subprocess.Popen[str]] = deque()

    def take(self) -> subprocess.Popen[str]:
        """A process; another one is started in its place."""
        while len(self._waiting) <= self._count:
            with self._log.open("a") as log:
                self._waiting.append(subprocess.Popen(_WORKER, stdin=subprocess.PIPE, stderr=log, text=True))
        return self._waiting.popleft()

    def close(self) -> None:
        """End those that wait."""
        for worker in self._waiting:
            worker.kill()
            worker.wait()
        self._waiting.clear()


class Crew:
    """Workers in numbered slots.

    Parameters
    ----------
    settings
        Settings of the worker of a slot.
    logs
        Directory for their logs.
    spares
        Where processes come from.

    Attributes
    ----------
    restarts
        How each worker ended that was started again.
    """

    def __init__(self, settings: Callable[[int], dict[str, Any]], logs: Path, spares: Spares) -> None:
        self.restarts: list[str] = []
        self._settings = settings
        self._logs = logs
        self._spares = spares
        self._workers: dict[int, subprocess.Popen[str]] = {}
        self._begun: dict[int, int] = {}  # characters in a slot's log before its present worker
        self._tokens = 0

    @property
    def slots(self) -> list[int]:
        """Slots in use."""
        return sorted(self._workers)

    def start(self, slot: int) -> None:
        """Let a worker work in a slot."""
        worker = self._workers[slot] = self._spares.take()
        self._begun[slot] = len(self.said(slot, 2**31))
        self._tell(worker, {"settings": self._settings(slot), "log": str(self._log(slot))})

    def tend(self) -> None:
        """Start again what has ended.

        Raises
        ------
        Broken
            When a worker crashed, refused what it found, or ends again and again.
        """
        for slot, worker in list(self._workers.items()):
            code = worker.poll()
            if code is None:
                continue
            self._check(slot, code)
            self.start(slot)

    def token(self) -> Path:
        """For `tell`: a file that is there once a trap that names it has sprung."""
        self._tokens += 1
        return self._logs / f"trap-{self._tokens}"

    def tell(self, slot: int, **order: Any) -> None:
        """Give an order; a worker that has just died hears nothing."""
        self._tell(self._workers[slot], order)

    def signal(self, slot: int, number: int) -> None:
        """Send a signal."""
        self._workers[slot].send_signal(number)

    def kill(self, slot: int) -> None:
        """kill -9; `tend` starts another one."""
        self._workers[slot].kill()

    def stopped(self) -> list[int]:
        """Slots whose processes stand still."""
        return [slot for slot, worker in self._workers.items() if _stands_still(worker)]

    def dead(self) -> list[int]:
        """Slots whose processes have ended."""
        return [slot for slot, worker in self._workers.items() if worker.poll() is not None]

    def leave(self, *slots: int) -> bool:
        """SIGTERM to these, or to all, and wait; whether they left in good order."""
        leaving = {slot: self._workers.pop(slot) for slot in slots or self.slots}
        for worker in leaving.values():
            worker.terminate()
        codes = []
        for slot, worker in leaving.items():
            try:
                codes.append(worker.wait(_LEAVE))
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
                raise Broken(f"worker {slot} does not leave: {self.said(slot)}") from None
            self._check(slot, codes[-1])
        return not any(codes)

    def joined(self, slot: int) -> bool:
        """Whether a slot's worker has been given partitions: then it leaves in good order when told to."""
        return "the group gives" in self.said(slot, 2**31)[self._begun[slot] :]

    def close(self) -> None:
        """Kill all."""
        for worker in self._workers.values():
            worker.kill()
            worker.wait()
        self._workers.clear()

    def said(self, slot: int, characters: int = 2_000) -> str:
        """The end of a worker's log."""
        log = self._log(slot)
        return log.read_text(errors="replace")[-characters:] if log.exists() else ""

    def _log(self, slot: int) -> Path:
        return self._logs / f"worker-{slot}.log"

    def _check(self, slot: int, code: int) -> None:
        if code:
            lines = self.said(slot).strip().splitlines() or [""]
            self.restarts.append(f"worker {slot} ended with {code}" + (f": {lines[-1]}" if code == TOLD else ""))
        if code not in _ENDS:
            raise Broken(f"worker {slot} ended with {code}: {self.said(slot)}")
        if len(self.restarts) > _RESTARTS:
            raise Broken(f"workers end again and again: {self.restarts[-5:]}")

    def _tell(self, worker: subprocess.Popen[str], order: dict[str, Any]) -> None:
        assert worker.stdin is not None
        try:
            worker.stdin.write(json.dumps(order) + "\n")
            worker.stdin.flush()
        except OSError:
            pass  # it has ended meanwhile


def _stands_still(worker: subprocess.Popen[str]) -> bool:
    if worker.poll() is not None:
        return False
    return os.waitid(os.P_PID, worker.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None
