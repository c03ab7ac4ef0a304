"""`evals-mcp demo`: load a sample evaluation into its own database and ask a reviewer's questions about it."""

import argparse
import os
import shlex
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from evals_mcp.cli.actor import actor_of
from evals_mcp.config import Settings, read_settings
from evals_mcp.errors import Invalid

EVALUATION = "Which prompt answers tickets"
"""The name of the sample evaluation."""


class Question(NamedTuple):
    """A question, and the tool call that a model makes to answer it."""

    words: str
    tool: str
    arguments: dict[str, Any]


QUESTIONS = (
    Question("What has been evaluated?", "list_evaluations", {}),
    Question("Which version is better?", "list_runs", {"evaluation": EVALUATION}),
    Question(
        "Is v2-concise really worse, and on what?",
        "compare_runs",
        {
            "evaluation": EVALUATION,
            "candidates": ["v2-concise"],
            "evaluators": ["policy_correct"],
            "limit": 2,
            "max_tokens": 1200,
        },
    ),
    Question(
        "What broke in v2-concise?",
        "get_logs",
        {
            "evaluation": EVALUATION,
            "runs": ["v2-concise"],
            "where": ["policy_correct=false"],
            "limit": 3,
            "max_tokens": 1200,
        },
    ),
    Question("Did anything fail to answer at all?", "get_logs", {"evaluation": EVALUATION, "where": ["error=true"]}),
    Question(
        "Show me the tickets side by side.",
        "list_datapoints",
        {"evaluation": EVALUATION, "limit": 5, "max_tokens": 1500},
    ),
)


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    demo = commands.add_parser("demo", help="load a sample evaluation and show typical questions and answers")
    demo.add_argument("--database", metavar="FILE", dest="own_database", help="save the sample to this new file")
    demo.set_defaults(command=_demo)


async def load_demo(settings: Settings) -> None:
    """Load the sample into the database of these settings. Raises EvalsError."""
    from evals_mcp.client.acting import acting
    from evals_mcp.sample.loading import load_sample
    from evals_mcp.sample.support_bot import read_sample
    from evals_mcp.wiring import build_client

    async with build_client(settings) as client:
        with acting("evals-mcp demo", actor=actor_of(os.environ)):
            await load_sample(client, read_sample())


def _demo(parsed: argparse.Namespace) -> int:
    import anyio

    named = parsed.own_database or parsed.database
    saved = _new_file(named) if named else None
    with tempfile.TemporaryDirectory(prefix="evals-mcp-demo-") as folder:
        anyio.run(_show_demo, str(saved or Path(folder) / "demo.db"))
    if saved is None:
        print("\nThe sample was not saved. To try it with an assistant, save it: `evals-mcp demo --database demo.db`.")
    else:
        how = f"evals-mcp setup --env {shlex.quote(f'EVALS_MCP_DATABASE={saved}')}"
        print(f"\nThe sample is saved in {saved}. To try it with an assistant: `{how}`.")
    return 0


def _new_file(named: str) -> Path:
    """The absolute path of a file that does not exist yet. Raises Invalid."""
    if "://" in named:
        raise Invalid("The sample needs a file. Give a file name, not a URL.")
    from evals_mcp.store.database.addresses import database_url

    path = Path(database_url(named).database or "")
    if os.path.lexists(path):
        raise Invalid(f"{named} already exists. Name a new file.")
    return path


async def _show_demo(database: str) -> None:
    from evals_mcp.cli.stdio_client import start_server

    print("Loading the sample: a support bot, three versions of its prompt, 40 tickets …", flush=True)
    own = {"EVALS_MCP_DATABASE": database}
    await load_demo(read_settings(own))
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("HUMANLOOP_", "EVALS_MCP_"))}
    async with start_server(environ | own) as asker:
        for question in QUESTIONS:
            answer = await asker.ask(question.tool, question.arguments)
            arguments = ", ".join(f"{key}={value!r}" for key, value in question.arguments.items())
            print(f"\n\u2500\u2500 {question.words}\n   {question.tool}({arguments})\n")
            print(answer.text, flush=True)
