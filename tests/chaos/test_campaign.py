"""Nothing is lost, doubled, reordered or different under faults: the short campaign. `make chaos` is the long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream.errors import Unreachable
from tests.chaos.campaign import Campaign
from tests.chaos.faults import KINDS, draw
from tests.servers import missing

SEED, FAULTS = 13, 22


@pytest.mark.kafka
@pytest.mark.redis
def test_short_campaign(tmp_path: Path) -> None:
    """On servers of its own, since it restarts them: with those of the environment this cannot be done."""
    campaign = Campaign(SEED, tmp_path, print, rate=40.0, once=1_500)
    faults = draw(SEED, FAULTS)
    try:
        campaign.run(faults, FAULTS // 2)
    except Unreachable as reason:
        if campaign.done:
            raise
        missing(reason)
    assert [one.findings.wrong for one in campaign.rounds] == [[], []]
    assert [bool(one.findings) for one in campaign.rounds] == [False, False]
    assert all(one.findings.messages > 200 for one in campaign.rounds)
    assert {one.fault.kind for one in campaign.done} == set(KINDS)
    assert sum(one.came_about for one in campaign.done) >= 20
