"""`eddyline run`"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from eddyline.cli.options import Config
from eddyline.cli.output import AsJson, print_json


def run(
    config: Config = None,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
    json_logs: Annotated[bool, typer.Option("--json-logs", help="Write each log line as a JSON object.")] = False,
    until_end: Annotated[
        bool, typer.Option("--until-end", help="Leave when all that is in the topic now has been processed.")
    ] = False,
    http: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT", help="Serve /health/live, /health/ready and /metrics; as worker.http in the settings."
        ),
    ] = None,
    allow_rejected: Annotated[
        bool,
        typer.Option(
            "--allow-rejected", help="Go on however many records are no events: they all become dead letters."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run a worker: read events, keep the state in Redis, publish what has changed.

    Start as many as there are partitions; they share the work, and take over from each other. SIGTERM and Ctrl-C let
    it finish its batch, commit and leave. Logs go to stderr, and never hold a customer's properties.

    Where most records are no events (worker.max_rejected), it halts before they are committed: nothing is lost, and it
    goes on when the cause is mended.

    [bold]Examples[/bold]

      eddyline run --config eddyline.toml
      eddyline run --http 127.0.0.1:9464
      EDDYLINE_KAFKA__BOOTSTRAP_SERVERS=kafka:9092 eddyline run --json-logs
    """
    from eddyline.logs import configure
    from eddyline.settings import changed, load_settings

    configure(log_level, as_json=json_logs)
    asked: dict[str, Any] = {} if http is None else {"http": http}
    if allow_rejected:
        asked["max_rejected"] = 0.0
    settings = load_settings(config)
    settings = settings.model_copy(update={"worker": changed(settings.worker, asked)})

    from eddyline.serve import run_worker

    summary = run_worker(settings, until_end=until_end)
    if as_json:
        print_json(summary)
