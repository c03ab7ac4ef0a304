"""`evals-mcp report`: write the comparison of an evaluation's runs to one file, to mail or attach."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from evals_mcp.cli import completers
from evals_mcp.cli.completers import completed
from evals_mcp.cli.printing import visible
from evals_mcp.cli.progress import progress_bar
from evals_mcp.errors import Invalid

_DATAPOINTS = 50


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("report", help="write a report to one file: evals-mcp report NAME --to report.html")
    evaluation = command.add_argument("evaluation", metavar="EVALUATION", help="id, name or file path")
    completed(evaluation, completers.evaluations)
    command.add_argument("--to", metavar="FILE", help="file to write: .html, .md or .json; - is standard output (.md)")
    command.add_argument("--chart", metavar="FILE", help='the differences as a picture: .svg or .png (extra "charts")')
    only = "compare only this run; repeatable"
    run = command.add_argument("--run", metavar="RUN", action="append", default=[], help=only)
    completed(run, completers.runs)
    control = "default the control, else the oldest run"
    completed(command.add_argument("--baseline", metavar="RUN", default="", help=control), completers.runs)
    command.add_argument(
        "--where",
        metavar="CONDITION",
        action="append",
        default=[],
        help='only datapoints that meet it, such as "category=law"; repeatable (docs/conditions.md)',
    )
    command.add_argument(
        "--datapoints", metavar="N", type=int, default=_DATAPOINTS, help=f"in each list, default {_DATAPOINTS}"
    )
    command.add_argument("--from", metavar="DATABASE_OR_URL", dest="source", help="overrides EVALS_MCP_DATABASE")
    command.set_defaults(command=_report)


def _report(parsed: argparse.Namespace) -> int:
    import anyio

    for line in anyio.run(_write_report, parsed):
        print(line, file=sys.stderr)
    return 0


async def _write_report(parsed: argparse.Namespace) -> list[str]:
    from evals_mcp.cli.arguments import require_database, settings_at
    from evals_mcp.lookup.lookup import Lookup
    from evals_mcp.pages.charts import chart_format, write_chart
    from evals_mcp.pages.report_files import report_format, report_text, write_report
    from evals_mcp.pages.reports import FIELDS, Asked, read_report
    from evals_mcp.wiring import build_client, build_mirror

    if not parsed.to and not parsed.chart:
        raise Invalid("Name a file to write: --to report.html (or .md, .json), or --chart forest.svg (or .png).")
    if parsed.datapoints < 0:
        raise Invalid("--datapoints must be 0 or more.")
    format = report_format(parsed.to) if parsed.to and parsed.to != "-" else "md"
    drawn = chart_format(parsed.chart) if parsed.chart else None
    settings = settings_at(parsed.source or parsed.database, os.environ)
    require_database(settings)
    asked = Asked(parsed.evaluation, parsed.run, parsed.baseline, parsed.where)
    with progress_bar() as tell:
        async with build_client(settings) as client:
            await tell("reading", 0, None)

            async def progress(done: int, total: int | None, words: str) -> None:
                await tell("reading logs", done, total)

            lookup = Lookup(client, progress, mirror=build_mirror(settings, client), with_document=True)
            amounts = {"datapoints": parsed.datapoints, "fields": FIELDS} if parsed.to else {}
            document = await read_report(lookup, asked, **amounts)
    written = []
    if parsed.to == "-":
        sys.stdout.write(report_text(document, format))
    elif parsed.to:
        write_report(document, Path(parsed.to), format)
        written.append(parsed.to)
    if drawn is not None:
        write_chart(document, Path(parsed.chart), drawn)
        written.append(parsed.chart)
    return [f"Wrote {visible(file)}." for file in written]
