"""Servers as they are deployed, one of each kind for a module."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from stream.errors import Unreachable
from tests.deployments.certificates import Certificates
from tests.servers import missing


@contextmanager
def found() -> Iterator[None]:
    """Skip, or fail in CI, where what a server needs is missing."""
    try:
        yield
    except Unreachable as reason:
        missing(reason)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority, a server and a client."""
    with found():
        return Certificates(tmp_path_factory.mktemp("certificates"))
