"""`evals-mcp import`: load results from files of evaluation tools, and tables of one's own."""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals_mcp.cli.printing import markup, output_console
from evals_mcp.cli.progress import progress_bar
from evals_mcp.errors import Invalid

if TYPE_CHECKING:
    from rich.table import Table

    from evals_mcp.config import Settings
    from evals_mcp.importers.importing import Imported
    from evals_mcp.importers.tables.columns import Chosen
    from evals_mcp.models.imports import ImportedEvaluation

_MOST_SKIPPED = 20
_MOST_EVALUATIONS = 50


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("import", help="load results from files: evals-mcp import results.csv")
    command.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="a file, or a folder with files")
    command.add_argument("--evaluation", metavar="NAME", help="name of the evaluation; default: the file's name")
    into = "a database, or the http(s) address of a server (key in HUMANLOOP_API_KEY); overrides EVALS_MCP_DATABASE"
    command.add_argument("--into", metavar="FILE_OR_URL", dest="own_database", help=into)
    command.add_argument("--format", metavar="NAME", help="read the files as this format instead of telling it")
    command.add_argument("--dry-run", action="store_true", help="show what would come in, and store nothing")
    table = command.add_argument_group(
        "columns of a table", "guessed if not given; repeat an option for several columns"
    )
    for name, many in _COLUMNS.items():
        table.add_argument(f"--{name}", metavar="COLUMN", action="append" if many else "store")
    table.add_argument(
        "--score",
        metavar="COLUMN[:TYPE][:MARK]",
        action="append",
        help="TYPE: boolean, number, select or text; MARK: higher or lower is better, human for judgments of people, "
        "and human:COLUMN if a column names them",
    )
    table.add_argument("--sheet", metavar="NAME", help="the sheet of a spreadsheet; default: all with outputs")
    command.set_defaults(command=_import)


_COLUMNS = {
    "input": True,
    "output": True,
    "target": True,
    "metadata": True,
    "run": False,
    "datapoint": False,
    "latency": False,
    "cost": False,
}


def _import(parsed: argparse.Namespace) -> int:
    import anyio

    from evals_mcp.cli.arguments import note_on_workspaces, settings_at

    settings = settings_at(parsed.own_database or parsed.database, os.environ)
    new = _new_file(settings)
    imported = anyio.run(_import_files, parsed, settings)
    if note := note_on_workspaces(settings):
        imported.report.note(note)
    _show(imported, new, _whom_to_ask(settings), dry_run=parsed.dry_run)
    return 0


def _new_file(settings: "Settings") -> str | None:
    """The database file that the import creates, so that a mistyped name is seen. None if it exists."""
    if settings.base_url is not None:
        return None
    from evals_mcp.store.database.addresses import database_url
    from evals_mcp.store.database.states import creatable

    return database_url(settings.database).database if creatable(settings.database) else None


async def _import_files(parsed: argparse.Namespace, settings: "Settings") -> "Imported":
    from evals_mcp.cli.actor import actor_of
    from evals_mcp.client.acting import acting
    from evals_mcp.importers.importing import import_files
    from evals_mcp.wiring import build_client

    with progress_bar() as progress:
        async with build_client(settings) as client:
            with acting("evals-mcp import", actor=actor_of(os.environ)):
                return await import_files(
                    client,
                    parsed.paths,
                    evaluation=parsed.evaluation,
                    format=parsed.format,
                    chosen=_chosen(parsed),
                    dry_run=parsed.dry_run,
                    progress=progress,
                )


def _chosen(parsed: argparse.Namespace) -> "Chosen":
    from evals_mcp.importers.tables.columns import Chosen

    return Chosen(
        inputs=parsed.input or (),
        outputs=parsed.output or (),
        targets=parsed.target or (),
        run=parsed.run,
        datapoint=parsed.datapoint,
        scores=parsed.score or (),
        metadata=parsed.metadata or (),
        latency=parsed.latency,
        cost=parsed.cost,
        sheet=parsed.sheet,
    )


def _whom_to_ask(settings: "Settings") -> str:
    """The assistant that has the results: the one that this environment sets up, or one with another setting."""
    from evals_mcp.cli.arguments import settings_at

    yours = None
    with suppress(Invalid):  # all is written by now, and this shell may be set up for something else
        yours = settings_at(None, os.environ)
    if settings.base_url is not None:
        is_yours = yours is not None and settings.base_url == yours.base_url
        return "your assistant" if is_yours else "an assistant with HUMANLOOP_BASE_URL set to this server"
    from evals_mcp.store.database.addresses import database_url

    database = database_url(settings.database)
    if yours is not None and yours.base_url is None and database == database_url(yours.database):
        return "your assistant"
    address = database.database if database.get_backend_name() == "sqlite" else "this address"
    return f"an assistant with EVALS_MCP_DATABASE set to {address}"


def _show(imported: "Imported", new_file: str | None, whom: str, *, dry_run: bool) -> None:
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # files may hold what this terminal cannot show
    console = output_console()
    for note in imported.report.notes:
        console.print(markup(note))
    if imported.evaluations:
        console.print(_table(imported.evaluations[:_MOST_EVALUATIONS]))
        left_out = len(imported.evaluations) - _MOST_EVALUATIONS
        if left_out > 0:
            console.print(f"Evaluations that are not in this table: {left_out:,}.")
    for skipped in imported.report.skipped[:_MOST_SKIPPED]:
        console.print(markup(f"Skipped {skipped.location}: {skipped.reason}."))
    rest = imported.report.skipped_count - _MOST_SKIPPED
    if rest > 0:
        console.print(f"Skipped {rest:,} more.")
    if dry_run:
        console.print("Nothing was stored (--dry-run).")
        return
    if new_file is not None:
        console.print(markup(f"Created the database {new_file}."), soft_wrap=True)
    added = ", ".join(f"{count:,} {kind}{'s' if count != 1 else ''}" for kind, count in imported.added.items() if count)
    console.print(f"New in the database: {added}." if added else "All of it was in the database already.")
    for first in imported.evaluations[:1]:
        console.print(markup(f'Ask {whom}: "{_question(first)}"'), soft_wrap=True)
    sys.stdout.flush()


def _question(evaluation: "ImportedEvaluation") -> str:
    """A first question that the evaluation can answer."""
    if not evaluation.judgments["judged"]:
        return f"Show me some answers of {evaluation.name}."
    question = "Which version is better" if len(evaluation.runs) > 1 else "What is wrong with the worst answers"
    return f"{question} in {evaluation.name}?"


def _table(evaluations: "Sequence[ImportedEvaluation]") -> "Table":
    from rich.table import Column, Table

    table = Table(Column("evaluation", overflow="fold"), "runs", "datapoints", "logs", "errors", "judgments")
    for evaluation in evaluations:
        judgments = ", ".join(f"{count:,} {state}" for state, count in evaluation.judgments.items()) or "none"
        counts = (len(evaluation.runs), evaluation.datapoints, evaluation.logs, evaluation.errors)
        table.add_row(markup(evaluation.name), *(f"{count:,}" for count in counts), judgments)
    return table
