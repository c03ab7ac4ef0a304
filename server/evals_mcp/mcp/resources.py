"""The resources that a person attaches in a host: an evaluation report, a run, a log."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, LiteralString, NamedTuple
from urllib.parse import unquote

from evals_mcp.answers.frame.calls import Call
from evals_mcp.answers.frame.figures import count
from evals_mcp.answers.frame.quoting import name
from evals_mcp.errors import NotFound
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.lookup.names import quoted
from evals_mcp.lookup.runs import find_run
from evals_mcp.models.questions import ComparisonQuestion, Filter, LogQuestion
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import RunRow
from evals_mcp.registered import Registered
from mcp import types

if TYPE_CHECKING:
    from evals_mcp.answers.comparison_notes import Compared

BUDGET = 20_000
"""Token limit of a resource. A resource takes no arguments, so it cannot be set."""

_LISTED = 20
_LOGS = 10
_WRITES = 200
_FOR_FIGURES = BUDGET // 4
_MOST_CANDIDATES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceTemplate(Registered):
    """One kind of address. `function` takes a `Lookup` and the values in the address, and returns the text."""

    address: LiteralString
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
        """The values in an address of this kind, by variable; None for any other address."""
        mine, given = self.address.split("/"), address.split("/")
        if len(mine) != len(given):
            return None
        pairs = list(zip(mine, given, strict=True))
        if any(part != word for part, word in pairs if not part.startswith("{")):
            return None
        return {part[1:-1]: unquote(word) for part, word in pairs if part.startswith("{")}


class Resource(NamedTuple):
    """A template and the values of its variables."""

    template: ResourceTemplate
    values: dict[str, str]


def find_resource(address: str) -> Resource:
    """Find the resource at an address. Raises NotFound if no template matches."""
    for template in (*RESOURCES, JOURNAL):
        values = template.match(address)
        if values is not None:
            return Resource(template, values)
    kinds = ", ".join(template.address for template in RESOURCES)
    raise NotFound(f"There is no resource at {quoted(address)}. Use {kinds}; in a name, write / as %2F.")


async def newest_evaluations(lookup: Lookup) -> list[types.Resource]:
    """The reports of the evaluations that changed most recently, newest first. Raises EvalsError."""
    rows = (await (await lookup.rows()).list_evaluations(limit=_LISTED)).rows
    return [
        types.Resource(
            uri=f"evals://evaluations/{row.id}",
            name=row.id,
            title=name(row.name or row.id),
            description=f"Report of the evaluation{f' of {name(row.file_path)}' if row.file_path else ''}: "
            f"{count(row.runs_count, 'run')}, {row.status}.",
            mime_type="text/markdown",
        )
        for row in rows
    ]


def journal_resource() -> types.Resource:
    """The journal as the protocol lists it."""
    return types.Resource(
        uri=JOURNAL.address,
        name=JOURNAL.name,
        title=JOURNAL.title,
        description=JOURNAL.description,
        mime_type=JOURNAL.media_type,
    )


async def journal(lookup: Lookup) -> str:
    """The journal: the newest writes, with time, actor, tool, what was written, and whether it can be undone."""
    from evals_mcp.answers.journal import summarize_journal

    return summarize_journal(await lookup.client.journal.page(1, _WRITES, check=True), BUDGET)


async def evaluation_journal(lookup: Lookup, evaluation: str) -> str:
    """The newest writes about an evaluation, its runs, logs and labels, as the journal has them."""
    from evals_mcp.answers.journal import summarize_journal

    resolved = await lookup.find_evaluation(evaluation)
    if await lookup.rows() is not lookup.client.reviews:
        raise NotFound("This server has no journal of writes.")
    return summarize_journal(await lookup.client.journal.page(1, _WRITES, resolved.id, check=True), BUDGET, resolved.id)


async def evaluation_report(lookup: Lookup, evaluation: str) -> str:
    """The report of an evaluation in Markdown: its runs, what each candidate changed, and what is odd."""
    from evals_mcp.answers.reports import report_evaluation

    resolved = await lookup.find_evaluation(evaluation)
    newest = [run for run in resolved.runs if run is not resolved.reference_run][-_MOST_CANDIDATES:]
    compared = await _compared(lookup, resolved, newest)
    return report_evaluation(resolved if compared is None else compared.evaluation, compared, BUDGET)


async def evaluation_table(lookup: Lookup, evaluation: str) -> str:
    """The logs of an evaluation as CSV. If they are too long, without texts; else the command that writes a file."""
    from evals_mcp.exporters.table_text import table_text  # needed for this only

    resolved = await lookup.find_evaluation(evaluation)
    text = await table_text(lookup.client, resolved, BUDGET)
    if text is None:
        logs = count(sum(run.logs_count for run in resolved.runs), "log")
        return (
            f"{logs}: too many to attach. In a terminal, this writes them to a file: "
            f"evals-mcp export {name(resolved.id)} --to table.csv"
        )
    return text


async def run_report(lookup: Lookup, evaluation: str, run: str) -> str:
    """A run: its figures, the comparison with the control run, and its newest logs."""
    from evals_mcp.answers.whole_run import summarize_run

    resolved = await lookup.find_evaluation(evaluation)
    found = find_run(resolved, run)
    compared = await _compared(lookup, resolved, [] if found is resolved.reference_run else [found])
    resolved = resolved if compared is None else compared.evaluation
    figures = summarize_run(resolved, resolved.run(found.id), compared, _FOR_FIGURES)
    return f"{figures}\n\n{await _newest_logs(lookup, resolved, found)}"


async def whole_log(lookup: Lookup, log: str) -> str:
    """One log: inputs, messages, output, error, judgments with explanations, and its trace."""
    from evals_mcp.answers.whole_log import summarize_log

    return summarize_log(await lookup.find_log(log), BUDGET)


async def _compared(lookup: Lookup, evaluation: ResolvedEvaluation, candidates: list[RunRow]) -> "Compared | None":
    """Compare the candidates with the baseline run; None without candidates."""
    from evals_mcp.answers.comparison_notes import Compared

    if not candidates:
        return None
    question = ComparisonQuestion(
        baseline_run_id=evaluation.reference_run.id,
        candidate_run_ids=[run.id for run in candidates],
        evaluator_version_ids=[row.version_id for row in evaluation.evaluators],
        limit=0,
    )
    return Compared(*await (await lookup.rows()).compare_runs(evaluation, question))


async def _newest_logs(lookup: Lookup, evaluation: ResolvedEvaluation, run: RunRow) -> str:
    from evals_mcp.answers.logs import summarize_logs

    question = LogQuestion(filter=Filter(run_ids=[run.id]), limit=_LOGS, characters=BUDGET)
    evaluation, rows = await (await lookup.rows()).find_logs(evaluation, question)
    label = evaluation.run_labels[run.id]
    call = Call(
        "get_logs", {"evaluation": evaluation.id, "runs": [label]}, {"evaluation": evaluation.id, "runs": [run.id]}
    )
    filtered = f" in {name(label)}, newest first"
    return summarize_logs(evaluation, rows, BUDGET - _FOR_FIGURES - 1, filtered=filtered, call=call)


RESOURCES: tuple[ResourceTemplate, ...] = (
    ResourceTemplate(
        address="evals://evaluations/{evaluation}",
        function=evaluation_report,
        title="Evaluation report",
        media_type="text/markdown",
    ),
    ResourceTemplate(
        address="evals://evaluations/{evaluation}/table",
        function=evaluation_table,
        title="Table of logs",
        media_type="text/csv",
    ),
    ResourceTemplate(
        address="evals://evaluations/{evaluation}/journal", function=evaluation_journal, title="Writes of an evaluation"
    ),
    ResourceTemplate(address="evals://evaluations/{evaluation}/runs/{run}", function=run_report, title="Run"),
    ResourceTemplate(address="evals://logs/{log}", function=whole_log, title="Log"),
)
JOURNAL = ResourceTemplate(address="evals://journal", function=journal, title="Journal of writes")
"""The journal, on servers with our routes. Its address has no variables, so it is no template to the protocol."""
