"""What came of a campaign: as tables and as values."""

from __future__ import annotations

from typing import Any

from tests.chaos.campaign import Campaign, Done
from tests.chaos.faults import KINDS


def markdown(campaign: Campaign, command: str) -> str:
    """Tables of the faults by kind, and of the rounds."""
    lines = [f"`{command}`", "", "| fault | times | back after, median (s) | longest (s) |", "|---|---:|---:|---:|"]
    for kind in KINDS:
        done = [one for one in campaign.done if one.fault.kind == kind and one.came_about]
        if done:
            lines.append(f"| {kind}: {KINDS[kind]} | {len(done)} | {_median(done)} | {_longest(done)} |")
    came = sum(one.came_about for one in campaign.done)
    lines += [f"| all | {came} | {_median(campaign.done)} | {_longest(campaign.done)} |", ""]
    lines += [
        "| round | workers | models | events | messages | lost | doubled | reordered | different | else wrong |",
        "|---:|---:|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for one in campaign.rounds:
        found = one.findings
        lines.append(
            f"| {one.number} | {one.workers} | {'one' if one.frozen else 'learning'} | {one.events:,} "
            f"| {found.messages:,} | {found.lost} | {found.doubled} | {found.reordered} | {found.different} "
            f"| {len(found.wrong)} |"
        )
    return "\n".join(lines)


def values(campaign: Campaign, command: str) -> dict[str, Any]:
    """The same as plain values."""
    return {
        "command": command,
        "faults": [
            {**one.fault._asdict(), "round": one.round, "cameAbout": one.came_about, "seconds": one.seconds}
            for one in campaign.done
        ],
        "rounds": [
            {
                "round": one.number,
                "workers": one.workers,
                "frozen": one.frozen,
                "events": one.events,
                "restarts": one.restarts,
                "messages": one.findings.messages,
                "lost": one.findings.lost,
                "doubled": one.findings.doubled,
                "reordered": one.findings.reordered,
                "different": one.findings.different,
                "wrong": one.findings.wrong,
            }
            for one in campaign.rounds
        ],
    }


def _seconds(done: list[Done]) -> list[float]:
    return sorted(one.seconds for one in done if one.seconds is not None)


def _median(done: list[Done]) -> str:
    seconds = _seconds(done)
    return f"{seconds[len(seconds) // 2]:.1f}" if seconds else ""


def _longest(done: list[Done]) -> str:
    seconds = _seconds(done)
    return f"{seconds[-1]:.1f}" if seconds else ""
