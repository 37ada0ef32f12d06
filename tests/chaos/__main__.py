"""`python -m tests.chaos`: a campaign of faults against real servers and workers; prints Markdown tables."""

from __future__ import annotations

import argparse
import json
import sys

from tests.chaos.campaign import Campaign, temporary
from tests.chaos.faults import KINDS, draw
from tests.chaos.report import markdown, values


def main() -> int:
    """Run a campaign; 1 when something was lost, doubled, reordered or different, or did not recover."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="decides load and faults")
    parser.add_argument("--faults", type=int, default=120, help="how many")
    parser.add_argument("--only", choices=tuple(KINDS), help="faults of this kind alone")
    parser.add_argument("--round", type=int, default=15, help="faults between two checks")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of tables")
    given = parser.parse_args()
    directory = temporary()
    command = f"python -m tests.chaos --seed {given.seed} --faults {given.faults} --round {given.round}"
    command += f" --only {given.only}" if given.only else ""
    print(f"{command}\nlogs of the workers: {directory}", file=sys.stderr)
    campaign = Campaign(given.seed, directory, lambda line: print(line, file=sys.stderr, flush=True))
    campaign.run(draw(given.seed, given.faults, given.only), given.round)
    print(json.dumps(values(campaign, command)) if given.json else markdown(campaign, command))
    return 1 if any(one.findings for one in campaign.rounds) else 0


if __name__ == "__main__":
    sys.exit(main())
