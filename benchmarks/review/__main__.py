"""Ask what reviewers ask over stdio, check each answer against true facts, and count what it costs.

`python -m benchmarks.review [DATABASE]` from the root of the repository; a database that does not exist is loaded
first, and without one a temporary database is. Needs the recorded evaluations in `shared/data` beside the repository.
"""

import asyncio
import os
import re
import statistics
import sys
import tempfile
from asyncio.subprocess import PIPE, STDOUT
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.review import (
    agreement,
    conditions,
    llm_judges,
    long_outputs,
    rag_chat,
    repeats,
    slices,
    statements,
    verdicts,
)
from benchmarks.review.judges_document import judges_document, preferences_document, votes_document, wins_document
from benchmarks.review.questions import Found, Question, with_named_cells
from benchmarks.review.raw_api import open_raw_api
from benchmarks.review.truth import read_recorded
from tests.shared_data import LONG_OUTPUTS, RAG_CHAT, load
from tests.tokenizers import tokenizer

from evals_mcp.cli.stdio_client import Asker, start_server
from evals_mcp.config import Settings
from evals_mcp.importers.loader import load_document, stream
from evals_mcp.wiring import build_client

_MODULES = (rag_chat, long_outputs, llm_judges, conditions, slices, agreement, repeats, verdicts, statements)
MOST_MEDIAN, MOST_CALLS, LEAST_QUESTIONS = 800, 2, 159


@dataclass(frozen=True)
class Answered:
    """A question with its answers: their tokens, the budgets they had, and the facts that they lack."""

    question: Question
    answers: list[str]
    tokens: list[int]
    budgets: list[int]
    lacking: list[str]

    @property
    def over(self) -> int:
        """How many answers cost more than their budget."""
        return sum(cost > budget for cost, budget in zip(self.tokens, self.budgets, strict=True))


def count(text: str) -> int:
    """The cl100k tokens of a text."""
    return len(tokenizer("cl100k").encode_ordinary(text))


async def load_all(database: Path) -> None:
    """Load the recorded evaluations into a database."""
    async with build_client(Settings(database=str(database))) as client:
        for recorded in (RAG_CHAT, LONG_OUTPUTS):
            await load(client, recorded)
        for document in (judges_document, votes_document, preferences_document, wins_document):
            await load_document(client, stream(document()))


async def answer(asker: Asker, database: Path, question: Question, facts: list[str]) -> Answered:
    """Make the calls of a question, and look for its facts in what they say."""
    answers: list[str] = []
    budgets = []
    for tool, arguments in question.calls:
        given = {name: _resolved(value, answers) for name, value in arguments.items()}
        given = {name: value for name, value in given.items() if value is not None}
        if tool == "compare_runs":
            given.setdefault("family", "asked")  # most truths are corrected over what a question asks for
        budgets.append(int(given.get("max_tokens", 4000)))
        if tool == "check":
            answers.append(await _check(database, **given))
            continue
        said = await asker.ask(tool, given)
        answers.append(f"error: {said.text}" if said.is_error else said.text)
    text = "\n".join(map(with_named_cells, answers))
    lacking = [fact for fact in facts if not re.search(fact, text)]
    failed = any(item.startswith("error: ") for item in answers)
    return Answered(question, answers, list(map(count, answers)), budgets, lacking + ["no error"] * failed)


async def _check(database: Path, evaluation: str, options: list[str]) -> str:
    """What the command prints, and its exit status."""
    command = [sys.executable, "-m", "evals_mcp", "check", evaluation, *options, "--from", str(database)]
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=STDOUT)
    printed, _ = await process.communicate()
    return ("error: " if process.returncode == 2 else "") + f"{printed.decode()}exit status {process.returncode}"


def _resolved(value: Any, answers: list[str]) -> Any:
    if not isinstance(value, Found):
        return value
    found = re.search(value.pattern, answers[-1])
    return found[1] if found else f"nothing matches {value.pattern}"


async def main(database: Path) -> bool:
    """Ask, check and print; whether all is as it must be."""
    questions = [question for module in _MODULES for question in module.QUESTIONS]
    data = {name: read_recorded(name) for name in ("rag-chat", "long-outputs", "llm-judges")}
    data |= dict.fromkeys(("votes", "preferences", "wins"), data["llm-judges"])
    async with start_server({**os.environ, "EVALS_MCP_DATABASE": str(database)}) as asker:
        found = [await answer(asker, database, item, item.facts(data[item.evaluation])) for item in questions]
    raw_api = open_raw_api(str(database), count)
    raw = [await raw_api.tokens(item.question.evaluation, item.question.raw) for item in found]
    for item, cost in zip(found, raw, strict=True):
        _print_line(item, cost)
    return _summarize(found, raw)


def _print_line(item: Answered, raw: int) -> None:
    state = "FAIL" if item.lacking else "over" if item.over else "ok"
    spent = sum(item.tokens)
    print(f"{state:4} {len(item.answers)} {spent:6,} {raw:10,} {raw / spent:8,.1f} x  {item.question.words}")
    if item.lacking:
        for fact in item.lacking:
            print(f"       lacks {fact}")
        for text, (tool, arguments) in zip(item.answers, item.question.calls, strict=True):
            print(f"       {tool} {arguments}\n         " + text.replace("\n", "\n         "))


def _summarize(found: list[Answered], raw: list[int]) -> bool:
    answered = sum(not item.lacking for item in found)
    calls = [len(item.answers) for item in found]
    spent = [sum(item.tokens) for item in found]
    over = sum(item.over for item in found)
    median = statistics.median(spent)
    ratio = statistics.median(cost / own for cost, own in zip(raw, spent, strict=True))
    print(f"questions answered    {answered} of {len(found)} (at least {LEAST_QUESTIONS}, all)")
    kinds = Counter(item.question.kind for item in found)
    print("kinds                 " + ", ".join(f"{kind} {amount}" for kind, amount in kinds.items()))
    print(f"calls                 {sum(calls)}, at most {max(calls)} a question (at most {MOST_CALLS})")
    print(f"cl100k tokens a question  median {median:,.0f} (at most {MOST_MEDIAN}), largest {max(spent):,}")
    print(f"answers over budget   {over} (at most 0)")
    print(
        f"raw API               {sum(raw):,} against {sum(spent):,}: {sum(raw) / sum(spent):,.0f} x,"
        f" median {ratio:,.0f} x"
    )
    return (
        answered == len(found) >= LEAST_QUESTIONS and max(calls) <= MOST_CALLS and median <= MOST_MEDIAN and over == 0
    )


def run() -> bool:
    """Over the database that was named, or a temporary one."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "review.db"
        if not database.exists():
            asyncio.run(load_all(database))
        return asyncio.run(main(database))


if __name__ == "__main__":
    sys.exit(0 if run() else 1)
