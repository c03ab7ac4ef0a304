"""The resources, which a person attaches in a host: a report, a run, a log, each at an address that names it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote

from evals_mcp.answers.comparison_notes import Compared
from evals_mcp.answers.frame.answer import next_call
from evals_mcp.answers.frame.quoting import name
from evals_mcp.answers.logs import summarize_logs
from evals_mcp.answers.reports import report_evaluation
from evals_mcp.answers.runs import compared_with
from evals_mcp.answers.whole_log import summarize_log
from evals_mcp.answers.whole_run import summarize_run
from evals_mcp.errors import NotFound
from evals_mcp.lookup.names import shown
from evals_mcp.lookup.review import Review, Subject
from evals_mcp.models.comparisons import ComparisonQuestion
from evals_mcp.models.review import LogQuestion, RunRow
from evals_mcp.registered import Registered
from mcp import types

BUDGET = 20_000
"""Tokens that a resource takes at most; there is no argument to say how many."""

_LOGS = 10
_FOR_FIGURES = BUDGET // 4
_MOST_CANDIDATES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceTemplate(Registered):
    """Addresses of one kind; `function` takes a `Review` first, then what stands in the address, and gives the text."""

    address: str
    function: Callable[..., Awaitable[str]]
    media_type: str = "text/plain"

    def listed(self) -> types.ResourceTemplate:
        """The template as the protocol lists it."""
        return types.ResourceTemplate(
            uri_template=self.address,
            name=self.name,
            title=self.title,
            description=self.description,
            mime_type=self.media_type,
        )

    def match(self, address: str) -> dict[str, str] | None:
        """What stands in an address of this kind, by variable; None for any other address."""
        mine, given = self.address.split("/"), address.split("/")
        if len(mine) != len(given):
            return None
        pairs = list(zip(mine, given, strict=True))
        if any(part != word for part, word in pairs if not part.startswith("{")):
            return None
        return {part[1:-1]: unquote(word) for part, word in pairs if part.startswith("{")}


class Resource(NamedTuple):
    """A template, and what stands in its variables."""

    template: ResourceTemplate
    values: dict[str, str]


def find_resource(address: str) -> Resource:
    """The resource at an address. Raises NotFound for an address of no kind that there is."""
    for template in RESOURCES:
        values = template.match(address)
        if values is not None:
            return Resource(template, values)
    kinds = ", ".join(template.address for template in RESOURCES)
    raise NotFound(f"There is no resource at {shown(address)}. There are: {kinds}; in a name, write / as %2F.")


async def evaluation_report(review: Review, evaluation: str) -> str:
    """An evaluation as a report in Markdown: its runs, what each changed and how sure that is, and what is odd."""
    subject = await review.find_evaluation(evaluation)
    candidates = [run for run in subject.runs if run is not compared_with(subject.runs)]
    compared = await _compared(review, subject, candidates[-_MOST_CANDIDATES:])
    notes = _paging(review)
    if len(candidates) > _MOST_CANDIDATES:
        notes.append(f"Compared are the newest {_MOST_CANDIDATES} of {len(candidates):,} candidates.")
    return report_evaluation(subject.overview, subject.run_labels, subject.evaluator_labels, compared, BUDGET, notes)


async def run_report(review: Review, evaluation: str, run: str) -> str:
    """A run of an evaluation: its figures, how it differs from the control (or oldest) run, and its newest logs."""
    subject = await review.find_evaluation(evaluation)
    found = subject.find_run(run)
    candidates = [] if found is compared_with(subject.runs) else [found]
    compared = await _compared(review, subject, candidates)
    figures = summarize_run(
        subject.overview, found, subject.run_labels, subject.evaluator_labels, compared, _FOR_FIGURES, _paging(review)
    )
    return f"{figures}\n\n{await _newest_logs(review, subject, found)}"


async def whole_log(review: Review, log: str) -> str:
    """One log: inputs, messages, output, error, judgments with explanations, and its trace."""
    return summarize_log(await review.find_log(log), BUDGET)


async def _compared(review: Review, subject: Subject, candidates: list[RunRow]) -> Compared | None:
    """The candidates against the run that others are compared with; None without any."""
    if not candidates:
        return None
    question = ComparisonQuestion(
        baseline_run_id=compared_with(subject.runs).id,
        candidate_run_ids=[run.id for run in candidates],
        evaluator_version_ids=[row.version_id for row in subject.evaluators],
        limit=0,
    )
    found = await (await review.source()).compare_runs(subject.id, question)
    return Compared(subject.overview, found, subject.run_labels, subject.evaluator_labels)


async def _newest_logs(review: Review, subject: Subject, run: RunRow) -> str:
    question = LogQuestion(run_ids=[run.id], limit=_LOGS, characters=BUDGET)
    rows = await (await review.source()).find_logs(subject.id, question)
    label = subject.run_labels[run.id]
    call = next_call("get_logs", evaluation=subject.id, runs=[label])
    return summarize_logs(
        subject.overview,
        rows,
        subject.run_labels,
        subject.evaluator_labels,
        BUDGET - _FOR_FIGURES - 1,
        asked=f" in {name(label)}, newest first",
        notes=[],
        next_page=lambda _: call,
    )


def _paging(review: Review) -> list[str]:
    if not review.logs_read:
        return []
    return [f"Read by paging through {review.logs_read:,} logs: the server has only the documented API."]


RESOURCES: tuple[ResourceTemplate, ...] = (
    ResourceTemplate(
        address="evals://evaluations/{evaluation}",
        function=evaluation_report,
        title="Evaluation report",
        media_type="text/markdown",
    ),
    ResourceTemplate(address="evals://evaluations/{evaluation}/runs/{run}", function=run_report, title="Run"),
    ResourceTemplate(address="evals://logs/{log}", function=whole_log, title="Log"),
)
