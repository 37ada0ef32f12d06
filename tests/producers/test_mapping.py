from __future__ import annotations

import re

import pytest

from producers.datasets.mapping import Mapping, load_mapping
from stream.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("customer = 'a'", "timestamp"),
        ("timestamp = 'a'\nevent = 'b'", "customer or anonymous"),
        ("customer = 'a'\ntimestamp = 'b'\nevent = 'c'\ncolour = 'd'", "colour"),
        ("customer = 'a'\ntimestamp = 'b'\nevent = { column = 'c', constant = 'd' }", "either constant or column"),
        ("customer = 'a'\ntimestamp = 'b'\nevent = { constant = 'd', names = { x = 'y' } }", "names translate"),
        ("customer = 'a'\ntimestamp = 'b'\nevent = 'c'\ndelimiter = ';;'", "delimiter"),
        ("customer = 'a'\ntimestamp = 'b'\nevent = 'c'\nbad_rows = 'ignore'", "bad_rows"),
        (
            "customer = 'a'\ntimestamp = 'b'\nevent = 'c'\norder = { by = 'd', products = { price = 'e' } }",
            "product_id",
        ),
        ("custommer = 'a'\nevent = 'c'", "timestamp is missing; unknown key 'custommer': did you mean 'customer'?"),
        (
            "customer = 'a'\ntimestamp = 'b'\nevent = 'c'\norder = { key = 'd', products = { product_id = 'e' } }",
            "order.by is missing; unknown key 'order.key': there are by, products",
        ),
        ("customer = ", "not valid TOML"),
    ],
)
def test_a_wrong_mapping_names_the_setting(tmp_path, text, said):
    path = tmp_path / "mapping.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=re.escape(said)):
        load_mapping(path)


def test_a_missing_mapping_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.toml"):
        load_mapping(tmp_path / "none.toml")


def test_a_mapping_is_frozen():
    with pytest.raises(ValueError):
        Mapping(customer="a", timestamp="b", event="c").customer = "other"  # type: ignore[misc]
