"""Settings: the file, the variables, what is refused, and that no secret is ever shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from kafka import codec
from pydantic import ValidationError

from eddyline.settings import Settings, load_settings
from stream.config import preset
from stream.durations import DAY
from stream.errors import ConfigError

EXAMPLE = Path(__file__).parents[2] / "docs" / "eddyline.toml"


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch):
    import os

    for name in list(os.environ):
        if name.upper().startswith("EDDYLINE_"):
            monkeypatch.delenv(name)


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "eddyline.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_without_anything_the_preset_decides():
    assert load_settings().engine == preset("shop")


def test_the_example_says_what_the_defaults_are():
    assert load_settings(EXAMPLE) == load_settings()


def test_a_file_overrides_single_settings_of_the_preset(tmp_path):
    settings = load_settings(written(tmp_path, '[recommend]\nhalf_life = "14d"\n[topics]\nprefix = "eu."'))
    assert settings.engine.recommend.half_life == 14 * DAY
    assert settings.engine.recommend.count == 10
    assert settings.topics.events == "eu.events"


def test_variables_override_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("EDDYLINE_SEGMENTS__K", "7")
    monkeypatch.setenv("EDDYLINE_KAFKA__BOOTSTRAP_SERVERS", "kafka:9092,other:9092")
    monkeypatch.setenv("EDDYLINE_UNITS", '{"money": "GBP"}')
    settings = load_settings(written(tmp_path, "[segments]\nk = 3\nhysteresis = 0.1"))
    assert settings.engine.segments.k == 7
    assert settings.engine.segments.hysteresis == 0.1
    assert settings.units == {"money": "GBP"}
    assert settings.kafka.bootstrap_servers == "kafka:9092,other:9092"


def test_features_replace_those_of_the_preset(tmp_path):
    file = written(tmp_path, '[[features]]\nname = "orders"\naggregate = "count"\nevents = ["Order Completed"]')
    settings = load_settings(file).engine
    assert [feature.name for feature in settings.features] == ["orders"]
    assert [target.name for target in settings.targets] == ["orders_again"]  # `churns` asks for a feature that is gone


def test_targets_replace_those_of_the_preset(tmp_path, monkeypatch):
    text = (
        '[[targets]]\nname = "spends"\nevents = ["Order Completed"]\nvalue = "revenue"\nat_least = 100\nhorizon = "7d"'
    )
    (target,) = load_settings(written(tmp_path, text)).engine.targets
    assert (target.name, target.at_least, target.horizon) == ("spends", 100, 7 * DAY)
    assert load_settings(written(tmp_path, "targets = []")).engine.targets == ()
    monkeypatch.setenv("EDDYLINE_TARGETS", '[{"name": "buys", "events": ["Order Completed"]}]')
    assert [target.name for target in load_settings(written(tmp_path, text)).engine.targets] == ["buys"]


def test_units_are_called_as_the_deployment_says(tmp_path):
    config = load_settings(written(tmp_path, 'units = { money = "GBP" }')).engine
    units = {feature.name: feature.unit for feature in config.features}
    assert (units["monetary"], units["order_value"], units["recency"]) == ("GBP", "GBP", "days")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("colour = 1", "colour"),
        ("[segments]\nkk = 3", "segments.kk"),
        ("[segments]\nk = 1", "segments.k"),
        ('[segments]\nk = "many"', "segments.k"),
        ('[[targets]]\nname = "buys"\nevents = ["Order Completed"]\nhorizon = "soon"', "targets.0.horizon"),
        ('[[targets]]\nname = "buys"\nevent = "Order Completed"', "targets.0.event"),
        ('[kafka]\nbootstrap_servers = "kafka"', "bootstrap_servers"),
        ('[redis]\nurl = "http://cache"', "redis.url"),
        ('[topics]\nevents = "a b"', "topics.events"),
        ('[topics]\nevents = ".."', "topics.events"),
        ('[kafka]\ntransaction_timeout = "100d"', "kafka.transaction_timeout"),
        ('[kafka]\nsession_timeout = "1ms"', "kafka.session_timeout"),
        ('[[targets]]\nname = "buys"\nevents = ["Order Complete"]', "is known: did you mean 'Order Completed'"),
        (
            '[[targets]]\nname = "a"\nevents = ["Order Completed"]\neligible = [{feature = "x", least = 1}]',
            "no feature",
        ),
        ("[worker]\nbatch = 0", "worker.batch"),
        ('[evaluate]\nperiod = "0d"', "evaluate.period"),
        ("[evaluate]\nperiods = 0", "evaluate.periods"),
        ('[evaluate]\nattribution = "-7d"', "evaluate.attribution"),
        ('preset = "bank"', "bank"),
        ('[[features]]\nname = "x"\naggregate = "median"', "features.0.aggregate"),
        ("segments = 3", "segments"),
        ("[segments", "not valid TOML"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, text, named):
    with pytest.raises(ConfigError, match=named.replace(".", r"\.")):
        load_settings(written(tmp_path, text))


@pytest.mark.skipif(codec.has_zstd(), reason="zstandard is installed")
def test_a_compression_without_its_package_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"kafka\.compression: zstd.*pip install zstandard"):
        load_settings(written(tmp_path, '[kafka]\ncompression = "zstd"'))
    assert load_settings(written(tmp_path, '[kafka]\ncompression = "gzip"')).kafka.compression == "gzip"


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("EDDYLINE_SEGMENTS__K", "0", "segments.k"),
        ("EDDYLINE_SEGMENTS__COLOUR", "red", "segments.colour"),
        ("EDDYLINE_KAKFA__TIMEOUT", "5s", "EDDYLINE_KAKFA__TIMEOUT"),
        ("EDDYLINE_KAFKA", "kafka:9092", "kafka"),
        ("EDDYLINE_KAFKA_BOOTSTRAP_SERVERS", "kafka:9092", r"did you mean EDDYLINE_KAFKA__BOOTSTRAP_SERVERS\?"),
        ("EDDYLINE_REDIS_URL", "redis://cache", r"did you mean EDDYLINE_REDIS__URL\?"),
        ("EDDYLINE_GRUOP", "mine", r"did you mean EDDYLINE_GROUP\?"),
        ("EDDYLINE_SEGMENTS__DWEL", "1d", r"unknown key 'segments\.dwel': did you mean 'dwell'\?"),
    ],
)
def test_a_wrong_variable_is_named(monkeypatch, name, value, named):
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=named):
        load_settings()


@pytest.mark.parametrize(
    "name",
    ["EDDYLINE_SERVICE_HOST", "EDDYLINE_PORT", "EDDYLINE_PORT_6379_TCP_ADDR", "EDDYLINE_REDIS_SERVICE_PORT_TCP"],
)
def test_variables_of_others_are_let_be(monkeypatch, name):
    monkeypatch.setenv(name, "10.0.0.1")  # Kubernetes does this for services of such names
    assert load_settings().preset == "shop"


def test_all_that_is_wrong_in_a_file_is_said_at_once(tmp_path):
    file = written(tmp_path, 'gruop = "x"\n[segments]\nk = 1\n[kafka]\ntimeout = "soon"\n[[features]]\nnmae = "x"')
    with pytest.raises(ConfigError) as raised:
        load_settings(file)
    said = str(raised.value)
    for part in (
        "unknown key 'gruop': did you mean 'group'?",
        "segments.k: ",
        "kafka.timeout: 'soon'",
        "features.0.name is missing",
        "unknown key 'features.0.nmae': did you mean 'name'?",
    ):
        assert part in said


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.toml: No such file"):
        load_settings(tmp_path / "nowhere.toml")


def test_settings_are_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().group = "other"


@pytest.mark.parametrize("field", ["repr", "str", "json"])
def test_no_secret_is_shown(monkeypatch, field):
    monkeypatch.setenv("EDDYLINE_REDIS__URL", "redis://ann:hunter2@cache:6379/1?ssl_password=hunter2")
    monkeypatch.setenv("EDDYLINE_KAFKA__USERNAME", "eddyline")
    monkeypatch.setenv("EDDYLINE_KAFKA__PASSWORD", "hunter2")
    settings = load_settings()
    shown = {"repr": repr(settings), "str": str(settings), "json": settings.model_dump_json()}[field]
    assert "hunter2" not in shown
    assert settings.redis.url.get_secret_value().startswith("redis://ann:hunter2@")


@pytest.mark.parametrize("url", ["reddis://:hunter2@cache", "hunter2", "redis:hunter2", "redis://:hunter2@[::1"])
def test_no_secret_is_in_an_error(monkeypatch, url):
    monkeypatch.setenv("EDDYLINE_REDIS__URL", url)
    monkeypatch.setenv("EDDYLINE_KAFKA__SECURITY_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("EDDYLINE_KAFKA__PASSWORD", "hunter2")
    with pytest.raises(ConfigError) as raised:
        load_settings()
    assert "hunter2" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_every_engine_section_is_a_section_here():
    assert set(preset("shop").__class__.model_fields) <= set(Settings.model_fields)
