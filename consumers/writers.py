"""Transactions that dead workers have left open, and how the next owner ends them.

A worker that is killed inside its transaction leaves it open. Until Kafka aborts it (after `kafka.transaction_timeout`,
looked at each ten seconds) readers see nothing that was written after it, and the offsets in it are unknown. A new
owner does not wait for that: it asks the brokers for open transactions of the group's workers, asks the group for its
members, and initialises the transactional id of each writer that is no member. Kafka then aborts what is open at once.

The writer may live all the same: a process that was stopped for longer than its session. What it had stored is in the
outbox and is published by the new owner; what it tries to commit is refused, and it ends (`Fenced`). If it was quicker
and has committed, there is nothing to abort, and its offsets count. So a writer that is taken for dead wrongly costs a
restart, and nothing is lost or doubled.

A transaction can also be left open by a broker, after it was committed or aborted (`consumers.hanging`). It is ended
with that outcome: before its worker initialises its id again, else by the next owner of a partition.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import closing, suppress

import kafka.errors as errors
from kafka import KafkaAdminClient

from consumers.hanging import Hanging, end, find
from producers.kafka import KafkaTransactionalSink
from producers.kafka_client import KafkaSettings, connecting
from stream.errors import Aborted, EddylineError, Fenced, Unreachable

log = logging.getLogger(__name__)

_NEVER = errors.UnsupportedVersionError, errors.AuthorizationError
_ENDING = "PrepareCommit", "PrepareAbort", "PrepareEpochFence"
_PAUSE = 0.1


def transactional_id(group: str, name: str) -> str:
    """Under which the worker `name` of a group writes; the group can be told from it.

    >>> transactional_id("eddyline", "host-17")
    'eddyline:host-17'
    """
    return f"{group}:{name}"


def client_id(settings: KafkaSettings, name: str) -> str:
    """By which a member of the group is known as the worker `name`."""
    return f"{settings.client_id}:{name}"


def open_writer(settings: KafkaSettings, group: str, name: str, outputs: Sequence[str]) -> KafkaTransactionalSink:
    """The sink of a worker: its own transaction that hangs is ended before Kafka forgets how.

    Parameters
    ----------
    settings, group, name, outputs
        As of `Writers`.

    Raises
    ------
    Unreachable
        When no broker answers in time.
    """

    def settle() -> bool:
        with closing(Writers(settings, group, name, outputs)) as writers:
            return writers.settle()

    return KafkaTransactionalSink(settings, transactional_id(group, name), settle)


class Writers:
    """The workers of a group as writers of transactions.

    Parameters
    ----------
    settings
        Where Kafka is.
    group
        The consumer group.
    name
        This worker's name in it: what `transactional_id` and `client_id` are made of.
    outputs
        Topics that workers write.

    Attributes
    ----------
    own_hangs
        Whether `fence_dead` has found that this worker's own transaction hangs: its sink ends it (`open_writer`).
    """

    def __init__(self, settings: KafkaSettings, group: str, name: str, outputs: Sequence[str] = ()) -> None:
        self._settings = settings
        self._group = group
        self._name = name
        self._own = transactional_id(group, name)
        self._outputs = outputs
        self._admin: KafkaAdminClient | None = None
        self._able = True
        self._failing = False
        self._seen: set[Hanging] = set()
        self.own_hangs = False

    def fence_dead(self) -> list[str]:
        """End open transactions of workers that are no members of the group, and such as hang; the workers' names.

        Nothing is done while this worker is no member itself, nor where a broker does not answer, is older than 3.0, or
        its access lists forbid it: Kafka then ends them by itself, later, but for those that hang.
        """
        self.own_hangs = False
        if not self._able:
            return []
        ended: list[str] = []
        try:
            writing = self._writing()
            members = self._members() if writing else set()
            for name in sorted(writing - members) if self._name in members else []:
                log.warning("worker %s is gone and has left a transaction open: it is aborted", name)
                KafkaTransactionalSink(self._settings, transactional_id(self._group, name)).close()
                ended.append(name)
            ended += self._end_hanging()
            self._failing = False
        except (errors.KafkaError, EddylineError) as error:
            self._able = not isinstance(error, _NEVER)
            if not self._failing:  # asked for again and again while a broker is away
                log.warning("open transactions of dead workers are left to their timeout: %s", error)
            self._failing = True
        return ended

    def settle(self) -> bool:
        """End this worker's own transaction if it hangs; whether it did, and its id is initialised anew by that.

        It waits for one that Kafka is committing or aborting. Where a broker is too old or the access lists forbid to
        look, nothing is done.

        Raises
        ------
        Unreachable
            When no broker answers in time.
        """
        deadline = time.monotonic() + self._settings.timeout / 1000
        while True:
            try:
                if self._own not in self._listed(_ENDING):
                    hanging = [one for one in self._hanging() if one.transactional_id == self._own]
                    for one in hanging:
                        self._end(one)
                    return bool(hanging)
                reason: Exception | str = "its last transaction is being completed"
            except _NEVER:
                return False
            except (errors.KafkaError, Fenced, Aborted) as error:  # Fenced: another worker is ending it as well
                reason = error
            if time.monotonic() > deadline:
                raise Unreachable(
                    f"Kafka at {self._settings.bootstrap_servers} does not say how the last transaction of "
                    f"{self._own!r} ended: {reason}"
                )
            time.sleep(_PAUSE)

    def close(self) -> None:
        """Release connections."""
        if self._admin is not None:
            self._admin.close()
            self._admin = None

    def _end_hanging(self) -> list[str]:
        """End transactions of other workers that hang; the workers' names.

        A member ends its own by its next transaction or when it starts over, and to fence it in the middle of the next
        one would abort both; one whose id was initialised a moment ago may just be ended. Either is given until the
        next call.
        """
        found, ended = self._hanging(), []
        hanging = [one for one in found if one.transactional_id != self._own]
        self.own_hangs = len(hanging) < len(found)
        seen, self._seen = self._seen, set(hanging)
        members = self._members() if hanging else set()
        for one in hanging:
            name = one.transactional_id.rpartition(":")[2]
            if one in seen or (one.state != "Empty" and name not in members):
                self._end(one)
                ended.append(name)
        return ended

    def _end(self, one: Hanging) -> None:
        where = ", ".join(sorted(f"{at.topic}:{at.partition} from {start}" for at, _, start in one.places))
        log.warning("a transaction of %s hangs, of which Kafka says %s: %s", one.transactional_id, one.state, where)
        end(self._client(), self._settings, self._group, self._outputs, one)

    def _hanging(self) -> list[Hanging]:
        with suppress(errors.AuthorizationError):
            return find(self._client(), self._group, self._outputs)
        return []

    def _writing(self) -> set[str]:
        """Names of the group's workers that have a transaction open."""
        ids = (one.rpartition(":") for one in self._listed(("Ongoing",)))
        return {name for group, _, name in ids if group == self._group}

    def _listed(self, states: Sequence[str]) -> set[str]:
        """Transactional ids whose transaction is in one of these states."""
        found = self._client().list_transactions(state_filters=states)
        return {listed.transactional_id for broker in found.values() for listed in broker}

    def _members(self) -> set[str]:
        members = self._client().describe_groups([self._group])[self._group]["members"]
        return {member["client_id"].rpartition(":")[2] for member in members}

    def _client(self) -> KafkaAdminClient:
        if self._admin is None:
            with connecting(self._settings):
                self._admin = KafkaAdminClient(**self._settings.client())
        return self._admin
