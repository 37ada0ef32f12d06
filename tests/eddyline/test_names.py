"""The public names: all there, listed once, and free to import."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import eddyline


def imported_by(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter has after a statement."""
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


@pytest.mark.parametrize("name", eddyline.__all__)
def test_each_public_name_is_there(name):
    assert getattr(eddyline, name) is not None
    assert name in dir(eddyline)


def test_type_checkers_see_the_same_names():
    tree = ast.parse(Path(eddyline.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.asname: node.module for node in block.body for alias in node.names}
    assert sorted(seen) == eddyline.__all__
    for name, module in seen.items():
        value = getattr(eddyline, name)
        assert getattr(sys.modules[module], name) is value


def test_a_name_that_is_not_public_is_an_error():
    with pytest.raises(AttributeError, match="Worker"):
        eddyline.Worker  # noqa: B018


def test_importing_the_package_imports_nothing_heavy():
    heavy = {"numpy", "pydantic", "river", "scipy", "kafka", "redis", "rich", "typer", "stream"}
    assert not imported_by("import eddyline") & heavy


def test_the_engine_and_its_models_need_no_client():
    assert not imported_by("from eddyline import Engine, StreamKMeans, preset, decode") & {"kafka", "redis", "typer"}


def test_the_client_of_the_cache_needs_neither_kafka_nor_models():
    found = imported_by("from eddyline import RecommendationClient, AsyncRecommendationClient")
    assert not found & {"kafka", "numpy", "river", "scipy", "sklearn", "typer"}


def test_help_imports_nothing_heavy():
    show = "from contextlib import redirect_stdout as to\nwith to(sys.stderr): main(['--help'])"
    assert not imported_by(f"import sys\nfrom eddyline.cli import main\n{show}") & {
        "numpy",
        "river",
        "scipy",
        "kafka",
        "redis",
        "stream.engine",
    }
