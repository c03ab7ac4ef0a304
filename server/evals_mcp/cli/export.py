"""`evals-mcp export`: write an evaluation to a folder that can be imported again, or its logs to a table."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals_mcp.cli import completers
from evals_mcp.cli.completers import completed
from evals_mcp.cli.printing import visible
from evals_mcp.cli.progress import progress_bar
from evals_mcp.errors import Invalid

if TYPE_CHECKING:
    from evals_mcp.client.client import EvalsClient
    from evals_mcp.exporters.evaluation_reading import Progress
    from evals_mcp.lookup.lookup import Lookup
    from evals_mcp.models.resolved import ResolvedEvaluation

_FORMATS = ("humanloop", "csv", "jsonl", "parquet")


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("export", help="write an evaluation to files: evals-mcp export NAME --to FOLDER")
    evaluation = command.add_argument("evaluation", metavar="EVALUATION", help="id, name or file path")
    completed(evaluation, completers.evaluations)
    command.add_argument(
        "--to",
        metavar="PATH",
        required=True,
        help="folder to write, or file (.csv, .jsonl, .parquet); - is standard output",
    )
    command.add_argument("--from", metavar="DATABASE_OR_URL", dest="source", help="overrides EVALS_MCP_DATABASE")
    command.add_argument(
        "--format",
        choices=_FORMATS,
        help="humanloop (default): a folder with everything; csv, jsonl, parquet: a table of the logs",
    )
    command.add_argument(
        "--escape-formulas", action="store_true", help="csv: put ' before texts that a spreadsheet would run"
    )
    command.add_argument(
        "--where",
        metavar="CONDITION",
        action="append",
        default=[],
        help='tables: only logs that meet it, such as "helpful=false"; repeatable (docs/conditions.md)',
    )
    command.set_defaults(command=_export)


def _export(parsed: argparse.Namespace) -> int:
    import anyio

    print(anyio.run(_export_evaluation, parsed), file=sys.stderr)
    return 0


async def _export_evaluation(parsed: argparse.Namespace) -> str:
    from evals_mcp.cli.arguments import require_database, settings_at
    from evals_mcp.lookup.lookup import Lookup
    from evals_mcp.wiring import build_client, build_mirror

    format = parsed.format or _format_of(parsed.to)
    _require_possible(parsed.to, format)
    if parsed.where and format == "humanloop":
        raise Invalid("--where chooses the rows of a table. A folder has the whole evaluation: name a .csv file.")
    settings = settings_at(parsed.source or parsed.database, os.environ)
    require_database(settings)
    with progress_bar() as tell:
        async with build_client(settings) as client:
            lookup = Lookup(client, mirror=build_mirror(settings, client))
            evaluation = await lookup.find_evaluation(parsed.evaluation)

            async def progress(done: int, total: int) -> None:
                await tell("reading logs", done, total)

            if format == "humanloop":
                return await _export_folder(client, evaluation, Path(parsed.to), progress)
            return await _export_table(lookup, evaluation, parsed, format, progress)


async def _export_folder(
    client: "EvalsClient", evaluation: "ResolvedEvaluation", folder: Path, progress: "Progress"
) -> str:
    from evals_mcp.exporters.humanloop_export import export_evaluation

    done = await export_evaluation(client, evaluation.id, folder, progress)
    held = f"{done.runs:,} runs, {done.logs:,} logs, {done.datapoints:,} datapoints, {done.files:,} files"
    lines = [*done.notes, f"Exported {done.evaluation}: {held}.", f"Read it back with: evals-mcp import {folder}"]
    return "\n".join(map(visible, lines))


async def _export_table(
    lookup: "Lookup", evaluation: "ResolvedEvaluation", parsed: argparse.Namespace, format: Any, progress: Any
) -> str:
    from contextlib import closing

    from evals_mcp.answers.filter_words import filter_words
    from evals_mcp.exporters.selected_logs import select_logs
    from evals_mcp.exporters.table_rows import Labels
    from evals_mcp.exporters.tables import Table, read_table, write_file, write_stream

    labels = Labels(evaluation.run_labels, evaluation.evaluator_labels)
    from evals_mcp.lookup.filters import read_filter

    filter = await read_filter(lookup, evaluation, parsed.where)
    only = await select_logs(await lookup.rows(), evaluation, filter) if parsed.where else None
    with closing(Table()) as table:
        await read_table(lookup.client, evaluation.id, labels, table, progress, only=only)
        if parsed.to == "-":
            write_stream(table, sys.stdout, format, escape_formulas=parsed.escape_formulas)
        else:
            write_file(table, Path(parsed.to), format, escape_formulas=parsed.escape_formulas)
        return f"Exported {table.count:,} logs{filter_words(filter, evaluation)}, {len(table.columns):,} columns."


def _format_of(to: str) -> str:
    """The format that the name of a file tells."""
    ending = _ending(to).removeprefix(".")
    return ending if ending in _FORMATS[1:] else "humanloop"


def _ending(to: str) -> str:
    """`.csv` of a file's name; nothing for a name that says that it is a folder's."""
    return "" if to.endswith(("/", os.sep)) else Path(to).suffix.lower()


def _require_known_ending(to: str, format: str) -> None:
    """Raise Invalid for a name that another program would take for something else."""
    ending = _ending(to)
    if not ending or ending == f".{format}" or (format == "humanloop" and os.path.exists(to)):
        return
    what = f"The format is {format}" if ending.removeprefix(".") in _FORMATS else f"No format ends in {ending}"
    raise Invalid(
        f"{to} cannot be written. {what}. To a table: {', '.join(f'.{name}' for name in _FORMATS[1:])}; "
        "to a folder: a name without an ending, or one ending in /."
    )


def _require_possible(to: str, format: str) -> None:
    """Raise Invalid where the result cannot go to the path, before anything is read."""
    from evals_mcp.exporters.folders import require_free

    _require_known_ending(to, format)
    if format == "humanloop":
        if to == "-":
            raise Invalid("Only a table can go to standard output. Add --format csv, jsonl or parquet.")
        require_free(Path(to))
    if format == "parquet" and to == "-" and sys.stdout.isatty():
        raise Invalid("Parquet is no text for a terminal. Name a file with --to, or redirect the output.")
