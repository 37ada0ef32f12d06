"""`eddyline version`"""

from __future__ import annotations

from eddyline.cli.output import AsJson, print_json


def version(as_json: AsJson = False) -> None:
    """Say which version this is, and on what it runs.

    [bold]Examples[/bold]

      eddyline version --json
    """
    import platform
    from importlib import metadata

    import eddyline

    parts = {name: metadata.version(name) for name in ("kafka-python", "redis", "river", "numpy")}
    if as_json:
        print_json({"eddyline": eddyline.__version__, "python": platform.python_version(), **parts})
        return
    print(f"eddyline {eddyline.__version__}")
    print(f"Python {platform.python_version()}, " + ", ".join(f"{name} {number}" for name, number in parts.items()))
