"""A report: sentences, tables and pictures in order, printed in a terminal or written as one page."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stream.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NO_PICTURES = (
    "No page was written: pictures need matplotlib. Get it by pip install 'eddyline[plots]', and run this again."
)

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 sans-serif; max-width: 1000px; margin: 2em auto; padding: 0 1em; color: #222 }}
h1 {{ font-size: 24px }} h2 {{ font-size: 19px; margin-top: 2em }}
table {{ border-collapse: collapse; margin: 1em 0; font-size: 15px }}
th, td {{ padding: .3em .9em .3em 0; text-align: left; vertical-align: top; border-bottom: 1px solid #ddd }}
.right {{ text-align: right; font-variant-numeric: tabular-nums }}
figure {{ margin: 1.5em 0 }} figcaption {{ font-size: 14px; color: #555 }}
img {{ max-width: 100%; height: auto }}
</style></head><body><h1>{title}</h1>
"""


@dataclass(frozen=True)
class Heading:
    """Opens a part of the report."""

    text: str


@dataclass(frozen=True)
class Words:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Rows:
    """A table: (name, `left` or `right`) of each column, and the cells as text."""

    columns: tuple[tuple[str, str], ...]
    cells: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Picture:
    """Drawn only when a page is written; `said` stands below it, and for it where it cannot be seen."""

    said: str
    draw: Callable[[], Figure]


Part = Heading | Words | Rows | Picture


@dataclass
class Report:
    """What a case has found.

    Attributes
    ----------
    title
        One line.
    numbers
        The key numbers, plain values for JSON.
    parts
        In order.
    """

    title: str
    numbers: dict[str, Any] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)

    def head(self, text: str) -> None:
        """Open a part."""
        self.parts.append(Heading(text))

    def say(self, *sentences: str) -> None:
        """Add a paragraph; empty sentences are left out."""
        text = " ".join(sentence for sentence in sentences if sentence)
        if text:
            self.parts.append(Words(text))

    def table(self, columns: Sequence[tuple[str, str]], cells: Sequence[Sequence[str]]) -> None:
        """Add a table."""
        self.parts.append(Rows(tuple(columns), tuple(tuple(row) for row in cells)))

    def picture(self, said: str, draw: Callable[[], Figure]) -> None:
        """Add a picture."""
        self.parts.append(Picture(said, draw))


def listed(names: Sequence[str]) -> str:
    """Names in a sentence.

    >>> listed(["age"]), listed(["age", "spend", "frequency"])
    ('age', 'age, spend and frequency')
    """
    return ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1]


def upper(text: str) -> str:
    """A text with its first letter large, and the others as they are.

    >>> upper("paymentMethod")
    'PaymentMethod'
    """
    return text[:1].upper() + text[1:]


def percent(value: float | None) -> str:
    """A share with a decimal; a dash where there is none.

    >>> percent(0.123), percent(None)
    ('12.3%', '-')
    """
    return "-" if value is None else f"{value:.1%}"


def percents(shares: Sequence[float]) -> list[str]:
    """Shares of a whole without decimals, which add up as the shares do: the largest remainders are rounded up.

    >>> percents([1 / 3, 1 / 3, 1 / 3]), percents([0.125, 0.125, 0.75]), percents([])
    (['34%', '33%', '33%'], ['13%', '12%', '75%'], [])
    """
    whole = [int(100 * share + 1e-9) for share in shares]
    left = round(100 * sum(shares)) - sum(whole)
    order = sorted(range(len(whole)), key=lambda place: (round(whole[place] - 100 * shares[place], 9), place))
    for place in order[: max(left, 0)]:
        whole[place] += 1
    return [f"{each}%" for each in whole]


def apart(value: float, bound: float, digits: int = 1) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to see that they differ.

    >>> apart(16.66, 16.67), apart(12.0, 16.67), apart(0.7996, 0.8, 2)
    (('16.66', '16.67'), ('12.0', '16.7'), ('0.7996', '0.8000'))
    """
    one, other = f"{value:.{digits}f}", f"{bound:.{digits}f}"
    return apart(value, bound, digits + 1) if one == other and value != bound and digits < 12 else (one, other)


def pictures_possible() -> bool:
    """Whether what draws is installed."""
    return find_spec("matplotlib") is not None


def write_page(report: Report, out: Path) -> None:
    """Write the report as one HTML file that needs no network: pictures are in it.

    Raises
    ------
    InputError
        When the file cannot be written.
    """
    text = page(report)
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write the report to {out}: {error.strerror}; choose another --out") from error


def page(report: Report) -> str:
    """The report as HTML.

    Examples
    --------
    >>> report = Report("Tea & cake")
    >>> report.say("All is < well.")
    >>> page(report).splitlines()[-2:]
    ['<p>All is &lt; well.</p>', '</body></html>']
    """
    parts = [_PAGE.format(title=escape(report.title))]
    for part in report.parts:
        if isinstance(part, Heading):
            parts.append(f"<h2>{escape(part.text)}</h2>\n")
        elif isinstance(part, Words):
            parts.append(f"<p>{escape(part.text)}</p>\n")
        elif isinstance(part, Rows):
            parts.append(_table(part))
        else:
            held = BytesIO()
            part.draw().savefig(held, format="png")
            coded = base64.b64encode(held.getvalue()).decode("ascii")
            image = f'<img alt="{escape(part.said)}" src="data:image/png;base64,{coded}">'
            parts.append(f"<figure>{image}<figcaption>{escape(part.said)}</figcaption></figure>\n")
    return "".join([*parts, "</body></html>\n"])


def _table(rows: Rows) -> str:
    def line(tag: str, cells: Sequence[str]) -> str:
        made = (
            f"<{tag}{' class=right' if side == 'right' else ''}>{escape(cell)}</{tag}>"
            for cell, (_, side) in zip(cells, rows.columns, strict=True)
        )
        return f"<tr>{''.join(made)}</tr>\n"

    head = line("th", [name for name, _ in rows.columns])
    return f"<table><thead>{head}</thead><tbody>\n{''.join(line('td', row) for row in rows.cells)}</tbody></table>\n"
