"""`eddyline segments rules`"""

from __future__ import annotations

from typing import Annotated

import typer

from eddyline.cli.options import Config
from eddyline.cli.output import AsJson


def rules(
    depth: Annotated[int, typer.Option(min=1, max=6, help="Most questions on the way to a segment.")] = 3,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show the segments as a few rules, and how well these imitate them.

    A small decision tree is fitted to the sampled customers. Its fidelity is the share of customers, not seen when
    fitting, whom it puts into their segment.

    [bold]Examples[/bold]

      eddyline segments rules
      eddyline segments rules --json | jq .fidelity
    """
    from eddyline.cli.output import console, print_json
    from eddyline.settings import load_settings

    settings = load_settings(config)

    from eddyline.sample import read_sample  # after the settings: it is slow to import
    from eddyline.segments import plain
    from stream.segments.rules import TRUSTED, make_rules, rule_text

    _, segments, merged = read_sample(settings)
    found = make_rules(merged.rows, segments, depth)
    told = [rule_text(rule, settings.engine.features, segments.name(rule.segment)) for rule in found.rules]
    if as_json:
        listed = [plain(rule) | {"text": text} for rule, text in zip(found.rules, told, strict=True)]
        print_json(plain(found) | {"rules": listed, "trusted": found.trusted, "customers": len(merged.ids)})
        return
    screen = console()
    for text in told:
        screen.print(text, soft_wrap=True)
    screen.print()
    for segment in found.unnamed:
        screen.print(f"No rule leads to {segment}, {segments.name(segment)}.", soft_wrap=True)
    measured = f"Fidelity {found.fidelity:.1%} on customers not seen, of {len(merged.ids):,} sampled"
    screen.print(f"{measured} (everyone into the largest segment: {found.baseline:.1%}).", soft_wrap=True)
    if not found.trusted:
        screen.print(
            f"That is below {TRUSTED:.0%}: the segments are not what these rules say. Do not act on the rules alone.",
            soft_wrap=True,
        )
