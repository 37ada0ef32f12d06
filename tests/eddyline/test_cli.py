"""The command line: help that teaches, exit codes, one sentence for an error, JSON and nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from eddyline.cli import app, main
from eddyline.cli.failures import describe, masked
from eddyline.testing.servers import free_port
from stream.errors import Aborted, ConfigError, DataError, Fenced, MissingTopic, Unreachable

COMMANDS = (
    ("demo",),
    ("run",),
    ("status",),
    ("dead-letters", "list"),
    ("dead-letters", "show"),
    ("dead-letters", "retry"),
    ("topics", "create"),
    ("topics", "list"),
    ("load", "online-retail"),
    ("load", "csv"),
    ("load", "jsonl"),
    ("load", "parquet"),
    ("load", "mapping"),
    ("simulate",),
    ("customer",),
    ("recommend",),
    ("similar",),
    ("segments",),
    ("segments", "show"),
    ("segments", "card"),
    ("segments", "rules"),
    ("segments", "suggest"),
    ("segments", "tree"),
    ("segments", "steps"),
    ("segments", "flows"),
    ("segments", "plot"),
    ("case", "shop"),
    ("case", "bank"),
    ("case", "video"),
    ("schema",),
    ("version",),
)


@pytest.fixture(autouse=True)
def _plain(monkeypatch):
    for name in list(os.environ):
        if name.startswith("EDDYLINE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "120")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_each_command_explains_itself_with_an_example(command, capsys):
    assert main([*command, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "Examples" in shown
    assert f"eddyline {' '.join(command)}" in shown.partition("Examples")[2]
    assert "--json" in shown


def test_the_first_page_lists_all_commands(capsys):
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(command[0] in shown for command in COMMANDS)
    assert "eddyline demo" in shown


def test_the_version_may_be_asked_for_as_an_option(capsys):
    assert main(["--version"]) == 0
    asked = capsys.readouterr().out
    assert main(["version"]) == 0
    assert capsys.readouterr().out == asked


def test_a_kafka_that_does_not_answer_is_said_to_be_waited_for(monkeypatch, capsys):
    monkeypatch.setenv("EDDYLINE_KAFKA__BOOTSTRAP_SERVERS", f"127.0.0.1:{free_port()}")
    monkeypatch.setenv("EDDYLINE_KAFKA__TIMEOUT", "2500ms")
    assert main(["topics", "list"]) == 2
    out, err = capsys.readouterr()
    waiting, error = err.splitlines()
    assert waiting.startswith("waiting for Kafka at 127.0.0.1:")
    assert waiting.endswith("for 2.5 s at most")
    assert error.startswith("error: Kafka at 127.0.0.1")
    assert out == ""


@pytest.mark.parametrize("group", [[], ["load"], ["topics"]])
def test_no_command_shows_the_help_and_is_wrong_use(group, capsys):
    assert main(group) == 2
    out, err = capsys.readouterr()
    assert "Usage: eddyline" in out
    assert "Examples" in out or "Commands" in out
    assert err == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lod"], "Did you mean 'load'?"),
        (["customer"], "ID"),
        (["similar"], "ITEM"),
        (["recommend"], "CUSTOMER"),
        (["recommend", "a", "--count", "0"], "--count"),
        (["similar", "a", "--count", "0"], "--count"),
        (["demo", "--days", "ten"], "--days"),
        (["demo", "--days", "3"], "--days"),
        (["demo", "--colour"], "--colour"),
        (["schema", "Nothing"], "SegmentChanged"),
        (["load", "online-retail", "nowhere.csv", "--embedded"], "nowhere.csv"),
        (["load", "csv", "a.csv", "--map", "nowhere.toml"], "nowhere.toml"),
        (["segments", "--config", "nowhere.toml"], "nowhere.toml"),
        (["segments", "show", "--config", "nowhere.toml"], "nowhere.toml"),
        (["segments", "--json", "show"], "eddyline segments show --json"),
        (["segments", "flows", "--since", "yesterday"], "yesterday"),
        (["segments", "suggest", "--plot", "a.pdf"], "a.pdf"),
        (["segments", "flows", "--undone-within", "soon"], "soon"),
        (["run", "--log-level", "loud"], "loud"),
        (["simulate", "--start", "yesterday"], "yesterday"),
        (["simulate", "--start", "9999-12-31"], "--start: 9999-12-31 is in the future"),
    ],
)
def test_wrong_use_is_one_sentence_and_code_2(arguments, said, capsys):
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "command",
    [
        ["run"],
        ["segments"],
        ["customer", "ann"],
        ["recommend", "ann"],
        ["similar", "tea"],
        ["simulate"],
        ["topics", "list"],
    ],
)
def test_a_wrong_setting_is_named_before_any_server_is_asked(command, tmp_path, capsys, monkeypatch):
    file = tmp_path / "eddyline.toml"
    file.write_text("[segments]\nk = 1\n")
    assert main([*command, "--config", str(file)]) == 2
    assert "segments.k" in capsys.readouterr().err
    file.write_text("[segments]\ncolour = 1\n")
    monkeypatch.setenv("EDDYLINE_CONFIG", str(file))
    assert main(command) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "segments.colour" in err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("segments.k: too small"), 2),
        (DataError("no file"), 2),
        (MissingTopic("no topic"), 2),
        (Unreachable("no answer"), 2),
        (Fenced("another owner"), 1),
        (Aborted("lost"), 1),
        (KeyError("x"), 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_code_says_whose_failure_it_is(error, code, capsys):
    assert describe(error, debug=False) == code
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)


def test_an_unexpected_failure_says_how_to_see_more(capsys):
    describe(ZeroDivisionError("division by zero\nand more"), debug=False)
    assert "--debug" in capsys.readouterr().err


@pytest.mark.parametrize("place", [0, 1, 2])
def test_debug_shows_the_traceback_wherever_it_stands(place, capsys):
    arguments = ["schema", "Nothing"]
    arguments.insert(place, "--debug")
    assert main(arguments) == 2
    assert "Traceback" in capsys.readouterr().err


def test_after_two_dashes_debug_is_an_argument(capsys):
    assert main(["schema", "--", "--debug"]) == 2
    err = capsys.readouterr().err
    assert "no schema '--debug'" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "text",
    [
        "redis://ann:hunter2@cache:6379/0 does not answer",
        "redis://:hunter2@cache",
        "rediss://ann:hunter2@a and rediss://bob:hunter2@b",
        "redis://ann:hun:hunter2@x@cache",
    ],
)
def test_passwords_in_addresses_are_masked(text):
    assert "hunter2" not in masked(text)
    assert "cache" in masked(text) or "@b" in masked(text)


@pytest.mark.parametrize(
    "arguments",
    [["schema", "--json"], ["schema", "SegmentChanged", "--json"], ["schema", "asyncapi"], ["version", "--json"]],
    ids=" ".join,
)
def test_json_is_one_document_and_nothing_else(arguments, capsys):
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert isinstance(json.loads(out), dict)
    assert err == ""


def test_the_printed_mapping_is_one(tmp_path, capsys):
    from producers.datasets.mapping import EXAMPLE, load_mapping

    assert main(["load", "mapping"]) == 0
    file = tmp_path / "mapping.toml"
    file.write_text(capsys.readouterr().out)
    assert load_mapping(file) == load_mapping(EXAMPLE)


def test_the_mapping_in_the_help_is_one(tmp_path, capsys):
    from producers.datasets.mapping import load_mapping

    assert main(["load", "csv", "--help"]) == 0
    lines = [line.strip(" │") for line in capsys.readouterr().out.splitlines()]
    (tmp_path / "mapping.toml").write_text("\n".join(line for line in lines if " = " in line))
    assert load_mapping(tmp_path / "mapping.toml").properties == {"revenue": "amount"}


def test_names_of_schemas_may_be_in_any_case(capsys):
    assert main(["schema", "segmentchanged"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "SegmentChanged"


def in_shell(command, environment):
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=environment, timeout=120)


@pytest.mark.parametrize("command", ["schema asyncapi", "--help", "demo --customers 20 --days 10"])
def test_a_closed_pipe_is_silent(command, environment):
    program = f"{sys.executable} -m eddyline {command}; echo code $? >&2"
    done = in_shell(f"({program}) | head -c 10 | tail -c 1", environment)
    assert done.stderr == "code 0\n"


@pytest.mark.parametrize("command", ["schema asyncapi", "version --json", "--help"])
@pytest.mark.parametrize(("redirect", "said"), [(">/dev/full", "no space left"), (">&-", "standard output is closed")])
def test_output_that_cannot_be_written_is_a_failure_that_says_so(command, redirect, said, environment):
    done = in_shell(f"{sys.executable} -m eddyline {command} {redirect}", environment)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_ctrl_c_leaves_cleanly(environment):
    process = subprocess.Popen(
        [sys.executable, "-m", "eddyline", "demo", "--customers", "20000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored where a shell runs tests behind
    )
    time.sleep(2)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode in (130, -signal.SIGINT)  # the same to a shell; Python's own where it was still importing
    assert err == "Stopped.\n"


def test_python_m_and_the_program_are_the_same(process):
    shown = process("version").stdout
    program = os.path.join(os.path.dirname(sys.executable), "eddyline")
    assert subprocess.run([program, "version"], capture_output=True, text=True, timeout=60).stdout == shown


def test_no_colour_outside_a_terminal(process):
    assert "\x1b" not in process("--help").stdout + process("schema").stdout


def test_the_app_is_typers(capsys):
    from typer.testing import CliRunner

    result = CliRunner().invoke(app, ["version"])
    assert result.exit_code == 0
    assert result.stdout.startswith("eddyline ")
