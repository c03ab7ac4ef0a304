"""`evals-mcp check`: whether a run meets requirements, as an exit status for continuous integration."""

import argparse
import os
from typing import TYPE_CHECKING, Any

from evals_mcp.cli import completers
from evals_mcp.cli.completers import completed

if TYPE_CHECKING:
    from evals_mcp.answers.checks import Check
    from evals_mcp.statistics.requirements import Met

_FORMATS = ("text", "json", "junit", "markdown")
_REQUIREMENT = """NAME not worse by MARGIN, NAME better, NAME >= VALUE or NAME <= VALUE; NAME is an evaluator, pass,
errors, latency, tokens or cost; repeat for several"""


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "check",
        help="check requirements of a run: exit status 0 (met), 1 (not met), 3 (cannot tell)",
        description="Check requirements of a run. Exit status: 0 all are met, 1 one is not, 3 cannot tell (and how "
        "many datapoints are needed), 2 wrong usage or no answer.",
    )
    evaluation = command.add_argument("evaluation", metavar="EVALUATION", help="id, name or file path")
    completed(evaluation, completers.evaluations)
    newest, control = "the run to check; default the newest", "default the control, else the oldest run"
    completed(command.add_argument("--candidate", metavar="RUN", default="", help=newest), completers.runs)
    completed(command.add_argument("--baseline", metavar="RUN", default="", help=control), completers.runs)
    command.add_argument("--require", metavar="REQUIREMENT", action="append", required=True, help=_REQUIREMENT)
    command.add_argument(
        "--where", metavar="CONDITION", action="append", default=[], help="only these datapoints; repeat for several"
    )
    command.add_argument("--format", choices=_FORMATS, default="text", help="default text")
    command.add_argument("--from", metavar="DATABASE_OR_URL", dest="source", help="overrides EVALS_MCP_DATABASE")
    command.set_defaults(command=_check)


def _check(parsed: argparse.Namespace) -> int:
    import sys

    import anyio

    from evals_mcp.errors import EvalsError

    check = None
    try:
        check = anyio.run(_ask, parsed)
    except* EvalsError as errors:
        print(f"evals-mcp: {errors.exceptions[0]}", file=sys.stderr)
    if check is None:
        return 2  # status 1 means that a requirement is not met
    print(_rendered(check, parsed.format))
    return status_of(check.met)


def status_of(met: "Met") -> int:
    """The exit status of an outcome."""
    from evals_mcp.statistics.requirements import Met

    return {Met.PASSED: 0, Met.FAILED: 1, Met.CANNOT_TELL: 3}[met]


async def _ask(parsed: argparse.Namespace) -> "Check":
    from evals_mcp.answers.checks import Check
    from evals_mcp.answers.filter_words import filter_words
    from evals_mcp.cli.arguments import require_database, settings_at
    from evals_mcp.lookup.checked_runs import check_runs
    from evals_mcp.lookup.lookup import Lookup
    from evals_mcp.wiring import build_client, build_mirror

    settings = settings_at(parsed.source or parsed.database, os.environ)
    require_database(settings)
    async with build_client(settings) as client:
        found = await check_runs(
            Lookup(client, mirror=build_mirror(settings, client)),
            parsed.evaluation,
            parsed.require,
            candidate=parsed.candidate,
            baseline=parsed.baseline,
            where=parsed.where,
        )
    compared = found.facts.paired or found.facts.alone
    return Check(
        found.evaluation,
        found.candidate.id,
        None if found.baseline is None else found.baseline.id,
        filter_words(found.filter, found.evaluation),
        parsed.where,
        found.met,
        found.checked,
        [found.facts.alone.candidates[0], *([compared.baseline] if found.baseline is not None else [])],
        found.filter.is_by_outcomes,
        found.notes,
    )


def _rendered(check: "Check", format: str) -> str:
    from evals_mcp.answers.check_formats import check_json, check_junit, check_markdown
    from evals_mcp.answers.checks import check_text

    formats = {"text": check_text, "json": check_json, "junit": check_junit, "markdown": check_markdown}
    return formats[format](check)
