"""Transactions that dead workers have left open, and how the next owner ends them.

A worker that is killed inside its transaction leaves it open. Until Kafka aborts it (after `kafka.transaction_timeout`,
looked at each ten seconds) readers see nothing that was written after it, and the offsets in it are unknown. A new
owner does not wait for that: it asks the brokers for open transactions of the group's workers, asks the group for its
members, and initialises the transactional id of each writer that is no member. Kafka then aborts what is open at once.

The writer may live all the same: a process that was stopped for longer than its session. What it had stored is in the
outbox and is published by the new owner; what it tries to commit is refused, and it ends (`Fenced`). If it was quicker
and has committed, there is nothing to abort, and its offsets count. So a writer that is taken for dead wrongly costs a
restart, and nothing is lost or doubled.
"""

from __future__ import annotations

import logging

import kafka.errors as errors
from kafka import KafkaAdminClient

from producers.kafka import KafkaTransactionalSink
from producers.kafka_client import KafkaSettings, connecting
from stream.errors import EddylineError

log = logging.getLogger(__name__)

_NEVER = errors.UnsupportedVersionError, errors.AuthorizationError


def transactional_id(group: str, name: str) -> str:
    """Under which the worker `name` of a group writes; the group can be told from it.

    >>> transactional_id("eddyline", "host-17")
    'eddyline:host-17'
    """
    return f"{group}:{name}"


def client_id(settings: KafkaSettings, name: str) -> str:
    """By which a member of the group is known as the worker `name`."""
    return f"{settings.client_id}:{name}"


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
    """

    def __init__(self, settings: KafkaSettings, group: str, name: str) -> None:
        self._settings = settings
        self._group = group
        self._name = name
        self._admin: KafkaAdminClient | None = None
        self._able = True

    def fence_dead(self) -> list[str]:
        """End open transactions of workers that are no members of the group; their names.

        Nothing is done while this worker is no member itself, nor where a broker does not answer, is older than 3.0, or
        its access lists forbid it: Kafka then ends them by itself, later.
        """
        if not self._able:
            return []
        fenced = []
        try:
            writing = self._writing()
            members = self._members() if writing else set()
            for name in sorted(writing - members) if self._name in members else []:
                log.warning("worker %s is gone and has left a transaction open: it is aborted", name)
                KafkaTransactionalSink(self._settings, transactional_id(self._group, name)).close()
                fenced.append(name)
        except (errors.KafkaError, EddylineError) as error:
            self._able = not isinstance(error, _NEVER)
            log.warning("open transactions of dead workers are left to their timeout: %s", error)
        return fenced

    def close(self) -> None:
        """Release connections."""
        if self._admin is not None:
            self._admin.close()
            self._admin = None

    def _writing(self) -> set[str]:
        """Names of the group's workers that have a transaction open."""
        found = self._client().list_transactions(state_filters=["Ongoing"])
        ids = (listed.transactional_id.rpartition(":") for broker in found.values() for listed in broker)
        return {name for group, _, name in ids if group == self._group}

    def _members(self) -> set[str]:
        members = self._client().describe_groups([self._group])[self._group]["members"]
        return {member["client_id"].rpartition(":")[2] for member in members}

    def _client(self) -> KafkaAdminClient:
        if self._admin is None:
            with connecting(self._settings):
                self._admin = KafkaAdminClient(**self._settings.client())
        return self._admin
