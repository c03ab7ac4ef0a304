"""The tool import_results."""

from typing import TYPE_CHECKING, Annotated

from pydantic import BeforeValidator, Field

from evals_mcp.answers.empty import SAMPLE, how_to_allow
from evals_mcp.answers.frame.calls import Call
from evals_mcp.answers.imports import summarize_import, summarize_unfinished
from evals_mcp.errors import Invalid
from evals_mcp.lookup.background import Report, Unfinished
from evals_mcp.lookup.files import AllowedPath, find_path
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.models.imports import ImportSummary
from evals_mcp.models.setup import Setup
from evals_mcp.tools.allowed_imports import import_allowed, import_sample
from evals_mcp.tools.arguments import DryRun, MaxTokens, as_list
from evals_mcp.tools.tool import Tool

if TYPE_CHECKING:
    from evals_mcp.importers.tables.columns import Chosen

ImportPath = Annotated[str, Field(max_length=4_000, description="File or folder; or sample.")]
Name = Annotated[str, Field(max_length=500, description="Default: file name.")]
Format = Annotated[str, Field(max_length=100, description="Default by content.")]
Column = Annotated[str, Field(max_length=500, description="Column.")]
Sheet = Annotated[str, Field(max_length=500, description="Default all.")]
Columns = Annotated[
    list[Annotated[str, Field(max_length=500)]],
    BeforeValidator(as_list),
    Field(max_length=100, description="Columns."),
]
Scores = Annotated[
    list[Annotated[str, Field(max_length=500)]],
    BeforeValidator(as_list),
    Field(
        max_length=100,
        description="name:boolean (number, select, text), :higher, :lower, :human.",
    ),
]


async def import_results(
    lookup: Lookup,
    path: ImportPath,
    evaluation: Name = "",
    format: Format = "",
    input: Columns = [],
    output: Columns = [],
    target: Columns = [],
    run: Column = "",
    datapoint: Column = "",
    score: Scores = [],
    metadata: Columns = [],
    latency: Column = "",
    cost: Column = "",
    sheet: Sheet = "",
    dry_run: DryRun = False,
    max_tokens: MaxTokens = 4000,
) -> str:
    """Import result files (CSV, JSON, promptfoo, Inspect, others) as evaluations. Guesses unnamed columns. Repeating
    adds nothing."""
    from evals_mcp.importers.tables.columns import Chosen

    chosen = Chosen(
        inputs=input,
        outputs=output,
        targets=target,
        run=run or None,
        datapoint=datapoint or None,
        scores=score,
        metadata=metadata,
        latency=latency or None,
        cost=cost or None,
        sheet=sheet or None,
    )
    given = _given(path, evaluation, format, chosen)
    call = Call("import_results", given, {})
    is_sample = path.strip() == SAMPLE
    if is_sample and any(value for key, value in given.items() if key != "path"):
        raise Invalid("path: the sample takes no other arguments than dry_run and max_tokens.")
    found = None if is_sample else _allowed(lookup.setup, path)

    async def work(report: Report) -> ImportSummary:
        if found is None:
            return await import_sample(lookup.client, report, dry_run=dry_run)
        options = {"evaluation": evaluation or None, "format": format or None, "chosen": chosen, "dry_run": dry_run}
        return await import_allowed(lookup.client, found, lookup.setup, report, **options)

    ended = await lookup.background.wait((call.text(), found, dry_run), work, lookup.progress)
    if isinstance(ended, Unfinished):
        return summarize_unfinished(ended.words, max_tokens, call.text(dry_run=dry_run))
    return summarize_import(ended, max_tokens, call=call, dry_run=dry_run)


def _given(path: str, evaluation: str, format: str, chosen: "Chosen") -> dict[str, object]:
    """The arguments of the call without empty ones."""
    return {
        "path": path,
        "evaluation": evaluation,
        "format": format,
        "input": list(chosen.inputs),
        "output": list(chosen.outputs),
        "target": list(chosen.targets),
        "run": chosen.run,
        "datapoint": chosen.datapoint,
        "score": list(chosen.scores),
        "metadata": list(chosen.metadata),
        "latency": chosen.latency,
        "cost": chosen.cost,
        "sheet": chosen.sheet,
    }


def _allowed(setup: Setup, path: str) -> AllowedPath:
    """What the path names. Raises Invalid where no folder is allowed, and as `find_path`."""
    if not setup.import_folders:
        raise Invalid(f'path: no folder may be read yet, so only "sample" can be imported. {how_to_allow(setup)}')
    return find_path(path, setup.import_folders, how_to_allow(setup))


TOOL = Tool(
    function=import_results,
    title="Import files",
    search_hint="humanloop, load",
    read_only=False,
    journaled=True,
    takes_request_id=False,
)
