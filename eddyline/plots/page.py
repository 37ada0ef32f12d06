"""All pictures written out: a PNG each, and one page that needs no network."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from eddyline.plots import dendrogram, heatmap, sankey, scatter, sizes
from eddyline.plots.data import Pictured
from stream.errors import InputError

if TYPE_CHECKING:
    from plotly.graph_objects import Figure as Interactive

PICTURES = {
    "scatter": scatter,
    "heatmap": heatmap,
    "sizes": sizes,
    "flows": sankey,
    "dendrogram": dendrogram,
}
"""Name of the file -> who draws it."""

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>body {{ font: 16px sans-serif; max-width: 1100px; margin: 2em auto; padding: 0 1em; color: #222 }}
h1 {{ font-size: 22px }} section {{ margin-bottom: 2.5em }}</style></head><body><h1>{title}</h1>
"""


def need_plots() -> None:
    """Say what is missing, before anything is read.

    Raises
    ------
    InputError
        When the extra `plots` is not installed.
    """
    missing = [name for name in ("matplotlib", "plotly") if find_spec(name) is None]
    if missing:
        raise InputError(f"pictures need {' and '.join(missing)}: pip install 'eddyline[plots]'")


def write_pictures(data: Pictured, out: Path) -> list[Path]:
    """Write all pictures into a directory, which is made if there is none.

    Parameters
    ----------
    data
        What is drawn.
    out
        The directory; files of the same names are replaced.

    Returns
    -------
    list of Path
        What was written: the PNGs, and `segments.html` last.

    Raises
    ------
    InputError
        When the directory cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        written = []
        for name, drawer in PICTURES.items():
            file = out / f"{name}.png"
            drawer.picture(data).savefig(file)
            written.append(file)
        file = out / "segments.html"
        figures = {name: drawer.interactive(data) for name, drawer in PICTURES.items()}
        file.write_text(page(f"Segments of model {data.model}", figures), encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write pictures to {out}: {error.strerror}") from error
    return [*written, file]


def page(title: str, figures: Mapping[str, Interactive]) -> str:
    """A page of interactive figures, by their ids, that needs no network."""
    from plotly.io import to_html

    parts = [_HEAD.format(title=escape(title))]
    for place, (name, drawn) in enumerate(figures.items()):
        figure = to_html(
            drawn,
            full_html=False,
            include_plotlyjs=place == 0,  # in the page itself, once
            config={"displaylogo": False, "responsive": True},
            div_id=name,
        )
        parts.append(f"<section>{figure}</section>\n")
    return "".join([*parts, "</body></html>\n"])
