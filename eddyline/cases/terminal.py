"""A report as it is read in a terminal."""

from __future__ import annotations

import textwrap

from eddyline.cases.report import Heading, Report, Rows, Words
from eddyline.cli.output import console, table

_WIDTH = 110


def show_report(report: Report) -> None:
    """Print sentences and tables; pictures are only on the page."""
    screen = console()
    screen.print(report.title, style="bold", soft_wrap=True)
    for part in report.parts:
        if isinstance(part, Heading):
            screen.print(f"\n{part.text}", style="bold", soft_wrap=True)
        elif isinstance(part, Words):
            screen.print(textwrap.fill(part.text, min(_WIDTH, screen.width)))
        elif isinstance(part, Rows):
            shown = table(*part.columns)
            for row in part.cells:
                shown.add_row(*row)
            screen.print(shown)
