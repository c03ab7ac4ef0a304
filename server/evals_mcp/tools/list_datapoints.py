"""The tool list_datapoints."""

from typing import Annotated

from pydantic import Field

from evals_mcp.answers.datapoints import summarize_datapoints
from evals_mcp.answers.frame import cursors
from evals_mcp.answers.frame.quoting import name, quote
from evals_mcp.errors import NotFound
from evals_mcp.lookup.review import Review, Subject
from evals_mcp.models.review import DatapointQuestion, DatapointShow, EvaluatorRow, RunRow
from evals_mcp.tools.arguments import Cursor, Evaluation, Evaluator, MaxTokens, Runs, Text
from evals_mcp.tools.judges import read_judges, show_words
from evals_mcp.tools.paging import call_from, paging_note
from evals_mcp.tools.tool import Tool, dropped

_MOST_BY_DEFAULT = 3
Show = Annotated[
    DatapointShow,
    Field(
        description="all (default), disagreement of runs or evaluators, all_fail: every run fails, or with judgments "
        "failed, abstained or missing."
    ),
]
_LIMIT = 20
Limit = Annotated[int, Field(ge=1, le=100, description=f"Datapoints to show, 1–100, default {_LIMIT}.")]


async def list_datapoints(
    review: Review,
    evaluation: Evaluation,
    runs: Runs = [],
    show: Show = "all",
    evaluator: Evaluator = "",
    text: Text = "",
    limit: Limit = _LIMIT,
    cursor: Cursor = "",
    max_tokens: MaxTokens = 4000,
) -> str:
    """List the datapoints of an evaluation's dataset, a line each: input, target, and how each chosen run was judged
    on it. Finds those where runs disagree, all fail, or judgments lack, and those that contain a text."""
    subject = await review.recall_evaluation(evaluation)
    chosen = _default_runs(subject.runs) if show == "all" and not runs else subject.find_runs(runs)
    judge = subject.find_evaluator(evaluator) if evaluator else None
    dataset_version_id, notes = _dataset(subject, chosen)
    judges, rules = read_judges(subject, chosen, show, judge)
    notes += rules
    if len(chosen) < len(subject.runs) and not runs:
        notes.append("Shown: the control (or oldest) run and the newest two; runs= shows others.")
    asked = dropped(
        evaluation=subject.id,
        runs=[run.id for run in chosen] if runs else [],
        dataset=dataset_version_id,
        show=show if show != "all" else "",
        evaluator=judge.version_id if judge else "",
        text=text,
    )
    offset = int(str(cursors.decode(cursor, asked)[0])) if cursor else 0
    question = DatapointQuestion(
        run_ids=[run.id for run in chosen],
        dataset_version_id=dataset_version_id,
        show=show,
        judges=judges,
        text=text or None,
        limit=limit,
        offset=offset,
        characters=max_tokens * 4 // min(limit, 8),
    )
    found = await (await review.source()).find_datapoints(subject.id, question)
    return summarize_datapoints(
        subject.overview,
        found,
        chosen,
        subject.run_labels,
        subject.evaluator_labels,
        max_tokens,
        asked=_in_words(subject, question, judge),
        only=judge.version_id if judge else None,
        offset=offset,
        next_page=lambda amount: call_from(
            "list_datapoints", subject, asked, limit if limit != _LIMIT else None, [offset + amount]
        ),
        notes=[*notes, *paging_note(review)],
    )


def _in_words(subject: Subject, question: DatapointQuestion, judge: EvaluatorRow | None) -> str:
    """What was asked for, to go behind `N datapoints`; nothing if all are listed."""
    containing = f" containing {quote(question.text, 100)}" if question.text else ""
    label = subject.evaluator_labels[judge.version_id] if judge else None
    return show_words(question.show, label) + containing


def _default_runs(runs: list[RunRow]) -> list[RunRow]:
    """All runs if they are few, else the control (or oldest) run and the newest two."""
    if len(runs) <= _MOST_BY_DEFAULT:
        return runs
    control = next((run for run in runs if run.control), runs[0])
    return [control, *[run for run in runs if run is not control][1 - _MOST_BY_DEFAULT :]]


def _dataset(subject: Subject, runs: list[RunRow]) -> tuple[str, list[str]]:
    """The dataset version of the newest chosen run that has one, and a note if the others have another."""
    versions = [run.dataset_version_id for run in reversed(runs) if run.dataset_version_id is not None]
    if not versions:
        raise NotFound(
            "evaluation: its runs have no dataset, so there are no datapoints to list; get_logs shows the logs."
        )
    others = [run for run in runs if run.dataset_version_id not in (None, versions[0])]
    if not others:
        return versions[0], []
    listed = ", ".join(name(subject.run_labels[run.id]) for run in others)
    return versions[0], [f"Other versions of the dataset in: {listed}. Only datapoints of the newest are listed."]


TOOL = Tool(function=list_datapoints, title="List datapoints with judgments")
