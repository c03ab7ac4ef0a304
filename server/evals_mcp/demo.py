"""The demonstration: a sample evaluation in a database of its own, and what a reviewer asks about it."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

from evals_mcp.asking import start_server
from evals_mcp.config import Settings
from evals_mcp.sample.loading import load_sample
from evals_mcp.sample.support_bot import read_sample
from evals_mcp.wiring import build_client

EVALUATION = "Which prompt answers tickets"
"""The name of the sample evaluation."""


class Question(NamedTuple):
    """A question in words, and the call that a model makes for it."""

    words: str
    tool: str
    arguments: dict[str, Any]


class Answered(NamedTuple):
    """A question with the answer that the model reads."""

    question: Question
    answer: str


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
            "evaluator": "policy_correct",
            "judgment": "false",
            "limit": 3,
            "max_tokens": 1200,
        },
    ),
    Question("Did anything fail to answer at all?", "get_logs", {"evaluation": EVALUATION, "errors_only": True}),
    Question(
        "Show me the tickets side by side.",
        "list_datapoints",
        {"evaluation": EVALUATION, "limit": 5, "max_tokens": 1500},
    ),
)


async def load_demo(settings: Settings) -> None:
    """Load the sample into the settings' database. Raises EvalsError."""
    async with build_client(settings) as client:
        await load_sample(client, read_sample())


async def answer_questions(environ: Mapping[str, str]) -> AsyncIterator[Answered]:
    """What a stdio server with this environment answers to each question."""
    async with start_server(environ) as asker:
        for question in QUESTIONS:
            answer = await asker.ask(question.tool, question.arguments)
            yield Answered(question, answer.text)
