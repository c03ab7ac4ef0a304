"""A run that was set up: what was created and found, and what it needs next."""

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.calls import next_call
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.models.set_ups import SetUpPart, SetUpResponse

_LISTED = 20
_OUTPUT = '{"datapoint":"…","output":"…"}'


def summarize_set_up(made: SetUpResponse, budget: int, *, dry_run: bool) -> Quoted:
    """A run and its parts. After a dry run, new parts have no ids."""
    answer = Answer(budget)
    answer.head(_head(made, dry_run=dry_run))
    parts = _parts(made)
    for is_new in (True, False):
        words = [
            _described(noun, part, with_id=not (dry_run and is_new)) for noun, part in parts if part.is_new is is_new
        ]
        if words:
            verb: Quoted = ("Would create" if dry_run else "Created") if is_new else "Found"
            answer.line(f"{verb}: {figures.listed(words, _LISTED)}.")
    if made.dataset is not None:
        added: Quoted = "would be added" if dry_run else "added by this call"
        answer.line(
            f"The dataset has {figures.count(made.datapoints_count, 'datapoint')}, "
            f"{figures.count(made.added_datapoints_count)} {added}."
        )
    answer.line(_needs(made))
    if made.older_run_id is not None:
        answer.line(
            f"Run {name(made.older_run_id)} has logs of this version over another version of the dataset. The new run "
            "lacks them: add_logs_to_run takes them over."
        )
    if dry_run:
        answer.offer("Next: the same call without dry_run.")
    else:
        for call in _next(made):
            answer.offer(f"Next: {call}")
    return answer.text()


def _head(made: SetUpResponse, *, dry_run: bool) -> Quoted:
    start: Quoted = "Dry run, nothing was stored. " if dry_run else ""
    of: Quoted = f"evaluation {name(made.evaluation.name)}"
    of += "" if dry_run and made.evaluation.is_new else f" ({name(made.evaluation.id)})"
    if made.run is None:
        return f"{start}No run yet in {of}."
    if made.run.is_new:
        return f"{start}A new run would be in {of}." if dry_run else f"Run {name(made.run.id)} is new in {of}."
    return f"{start}Run {name(made.run.id)} in {of} has this version and dataset already."


def _parts(made: SetUpResponse) -> list[tuple[Quoted, SetUpPart]]:
    grew = made.dataset is not None and made.dataset.is_new and made.datapoints_count > made.added_datapoints_count
    named: list[tuple[Quoted, SetUpPart | None]] = [
        ("evaluation", made.evaluation),
        ("version of dataset" if grew else "dataset", made.dataset),
        ("version of", made.version),
        *(("evaluator", part) for part in made.evaluators),
    ]
    return [(noun, part) for noun, part in named if part is not None]


def _described(noun: Quoted, part: SetUpPart, *, with_id: bool) -> Quoted:
    id: Quoted = f" ({name(part.version_id or part.id)})" if with_id else ""
    return f"{noun} {name(part.name)}{id}"


def _needs(made: SetUpResponse) -> Quoted:
    missing: list[Quoted] = []
    if made.dataset is None:
        missing.append("datapoints")
    if made.version is None:
        missing.append("a version (version, model or attributes)")
    if missing:
        return f"Still needed for a run: {' and '.join(missing)}."
    unlogged = made.datapoints_count - made.logged_datapoints_count
    if unlogged:
        return (
            f"The run needs outputs for {figures.count(unlogged)} of {figures.count(made.datapoints_count)} datapoints."
        )
    return "The run has an output for each datapoint."


def _next(made: SetUpResponse) -> list[Quoted]:
    evaluation = made.evaluation.id
    if made.run is None:
        return [next_call("set_up_run", evaluation=evaluation, **_so_far(made))]
    if made.datapoints_count <= made.logged_datapoints_count:
        return [next_call("list_runs", evaluation=evaluation)]
    return [
        next_call("list_datapoints", evaluation=evaluation),
        next_call("log_generation", evaluation=evaluation, run=made.run.id, outputs=[_OUTPUT]),
    ]


def _so_far(made: SetUpResponse) -> dict[str, object]:
    so_far: dict[str, object] = {"dataset": made.dataset.name} if made.dataset else {"datapoints": ['{"inputs":{…}}']}
    return so_far | ({"version": made.version.version_id} if made.version else {"model": "…"})
