"""Everything that can go wrong, in one tree.

EddylineError
├── InputError              wrong use or input: exit code 2, the message says what to do
│   ├── ConfigError         a setting is unknown or out of range; names the field
│   ├── DataError           a file or a record cannot be read
│   └── TooManyRejected     most records are no events: the worker halts
├── DeploymentError         what is deployed does not fit the settings: exit code 2
│   ├── Unreachable         a server does not answer
│   ├── Forbidden           a server does not let this user in, or do what is needed
│   ├── MissingTopic        a topic does not exist
│   ├── Mismatch            topic, store and settings disagree (partition count, deployment, version)
│   └── Damaged             what is stored cannot be read: says what it is
├── Fenced                  another owner has taken over: fatal for this process
└── Aborted                 a transaction or a rebalance was lost: recover and go on
"""

from __future__ import annotations


class EddylineError(Exception):
    """Base of all errors raised on purpose; the message is one plain sentence."""


class InputError(EddylineError):
    """Wrong use or wrong input."""


class ConfigError(InputError):
    """A setting is unknown, missing or out of range."""


class DataError(InputError):
    """A file or a record cannot be read."""


class TooManyRejected(InputError):
    """Most of the latest records are no events."""


class DeploymentError(EddylineError):
    """What is deployed does not fit the settings."""


class Unreachable(DeploymentError):
    """A server does not answer."""


class Forbidden(DeploymentError):
    """A server does not let this user in, or do what is needed."""


class MissingTopic(DeploymentError):
    """A topic does not exist."""


class Mismatch(DeploymentError):
    """Topic, store and settings disagree."""


class Damaged(DeploymentError):
    """What is stored cannot be read."""


class Fenced(EddylineError):
    """Another owner holds this partition or this transactional id."""


class Aborted(EddylineError):
    """A transaction was aborted; nothing was published, the caller recovers and goes on."""
