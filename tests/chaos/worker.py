"""A worker process of a campaign: the real worker, with a probe that ends or stops it where it is told to.

It is told on its standard input, a JSON object a line: first its settings, later what to do at which point. It ends
when that input ends, so that none outlives its campaign.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
from collections.abc import Iterable
from threading import Lock, Thread
from typing import Any

from consumers.clock import Clock
from eddyline.logs import configure
from eddyline.serve import run_worker
from eddyline.settings import Settings
from stream.errors import Aborted, Fenced, Unreachable

TOLD = 3
"""Exit code of a worker that was fenced or lost a server: whoever runs it starts it again."""

_SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


class JumpingClock(Clock):
    """The system's clock, which can be set forwards and back."""

    def __init__(self) -> None:
        self.jumped = 0.0

    def time(self) -> float:
        """Seconds."""
        return time.monotonic() + self.jumped


class Trap:
    """A probe that sends its own process a signal when it has passed a point a number of times.

    Of all processes that were given the same `token`, a file that does not exist yet, the first one springs.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._point, self._left, self._signal, self._token = "", 0, signal.SIGKILL, ""

    def set(self, point: str, count: int, what: str, token: str) -> None:
        """Send the signal at the `count`-th passing from now on."""
        with self._lock:
            self._point, self._left, self._signal, self._token = point, count, _SIGNALS[what], token

    def release(self) -> None:
        """Do nothing any more."""
        with self._lock:
            self._point = ""

    def __call__(self, point: str) -> None:
        """The worker has come to a point."""
        with self._lock:
            if point != self._point:
                return
            self._left -= 1
            if self._left:
                return
            self._point = ""
        try:
            os.close(os.open(self._token, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return
        os.kill(os.getpid(), self._signal)


def obey(lines: Iterable[str], trap: Trap, clock: JumpingClock) -> None:
    """Follow orders until there are none."""
    for line in lines:
        order: dict[str, Any] = json.loads(line)
        if order["do"] == "jump":
            clock.jumped += order["seconds"]
        elif order["do"] == "release":
            trap.release()
        else:
            trap.set(order["point"], order["count"], order["do"], order["token"])
    os._exit(0)


def main() -> None:
    """Wait for settings, then work."""
    first = sys.stdin.readline()
    if not first:
        return
    told = json.loads(first)
    settings = Settings(**told["settings"])
    with open(told["log"], "ab") as log:
        os.dup2(log.fileno(), sys.stderr.fileno())
    configure("info", as_json=False)
    trap, clock = Trap(), JumpingClock()
    Thread(target=obey, args=(sys.stdin, trap, clock), daemon=True).start()
    try:
        run_worker(settings, clock=clock, probe=trap)
    except (Fenced, Aborted, Unreachable) as error:
        logging.getLogger("eddyline").error("%s: %s", type(error).__name__, error)
        sys.exit(TOLD)


if __name__ == "__main__":
    main()
