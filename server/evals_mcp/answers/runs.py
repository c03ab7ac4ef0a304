"""The runs of an evaluation as an answer: one line each, and notes on their judgments."""

from collections.abc import Callable, Sequence

from evals_mcp.answers.authors import author_notes
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.calls import Call, left_out
from evals_mcp.answers.frame.quoting import Quoted, cell, name
from evals_mcp.answers.frame.tables import own_headers, table
from evals_mcp.answers.headlines import constant_value, difference, headline, pass_words
from evals_mcp.answers.reported_figures import reported_notes
from evals_mcp.answers.subjects import opening, run_status, subject
from evals_mcp.kept import once
from evals_mcp.models.figures import EvaluatorFigures
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import RunRow
from evals_mcp.models.run_labels import changed_parts

_DIFFERENCES = 200

_UNPAIRED: Quoted = "unpaired"


def summarize_runs(
    evaluation: ResolvedEvaluation, budget: int, *, filtered: Quoted = "", offset: int = 0, call: Call
) -> Quoted:
    """All runs, oldest first, with each evaluator's headline and its difference from the control run.

    `filtered` are the words for the logs in the evaluation; empty for all.
    """
    answer = Answer(budget)
    answer.head(_filtered_opening(evaluation, filtered) if filtered else opening(evaluation))
    if not evaluation.runs:
        answer.line("No runs yet.")
        return answer.text()
    for remark in (*run_remarks(evaluation), *evaluation.notes):
        answer.note(remark)
    lines = run_table(evaluation, offset)
    answer.rows(
        lines[1:],
        lambda shown: left_out(len(lines) - 1 - shown, "run", call.at(offset + shown)),
        header=lines[0],
    )
    return answer.text()


def _filtered_opening(evaluation: ResolvedEvaluation, filtered: Quoted) -> Quoted:
    """The evaluation, the filter, and how many logs meet it."""
    logs = figures.count(sum(run.logs_count for run in evaluation.runs), "log")
    return f"{subject(evaluation)}\nOnly logs{filtered}: {logs} in {figures.count(len(evaluation.runs), 'run')}."


def run_table(evaluation: ResolvedEvaluation, offset: int = 0) -> list[Quoted]:
    """The lines of a table of the runs from `offset`, headers first. There must be at least one run.

    It has a status column if some run's status differs from the evaluation's, which the opening gives.
    """
    runs = evaluation.runs
    judged = [
        index for index, _ in enumerate(evaluation.evaluators) if any(run.stats[index].total_logs for run in runs)
    ]
    labels = evaluation.evaluator_labels
    *own, last = own_headers(("run", "also different", "status", "logs", "id"), set(labels.values()), "of the run")
    headers = [*own, *(name(labels[evaluation.evaluators[i].version_id]) for i in judged), last]
    changed = changed_parts(runs)
    rows = [
        _cells(run, evaluation.reference_run, evaluation.run_labels[run.id], changed.get(run.id, ()), judged)
        for run in runs[offset:]
    ]
    if all(run_status(run) == evaluation.overview.evaluation.status for run in runs):
        for row in rows:
            row[2] = ""
    return table(headers, rows)


def _cells(run: RunRow, control: RunRow, label: str, changed: Sequence[str], judged: Sequence[int]) -> list[Quoted]:
    others = ", ".join(part for part in changed if f" {part} " not in f" {label} ")
    called = name(label) + (" (control)" if run.control else "")
    cells = [called, cell(others, _DIFFERENCES) if others else "", run_status(run), _logs(run)]
    for index in judged:
        stats = run.stats[index]
        change = "" if control is run else _change(run, control, index)
        cells.append(_figure(stats, change, run.logs_count))
    return [*cells, "" if label == run.id else name(run.id)]


def _logs(run: RunRow) -> Quoted:
    logs, of = figures.count(run.logs_count), run.datapoints_count
    if of is None or (run.logs_count == of and not run.missing_datapoints):
        return logs
    if not run.logs_count:
        return f"0 for 0 of {figures.count(of)} datapoints"
    if run.missing_datapoints:
        return f"{logs} for {figures.count(of - run.missing_datapoints)} of {figures.count(of)} datapoints"
    # Only rows tell for how many datapoints fewer logs are.
    return f"{logs} for {'some of ' if run.logs_count < of else ''}{figures.count(of)} datapoints"


def _change(run: RunRow, control: RunRow, index: int) -> Quoted:
    """The difference from the control run. Says `unpaired` unless it is over the same datapoints, one log for each."""
    change = difference(run.stats[index], control.stats[index])
    same = run.dataset_version_id is not None and run.dataset_version_id == control.dataset_version_id
    paired = same and all(_covers_once(item, index) for item in (run, control))
    return change if paired or not change else f"{_UNPAIRED} {change}"


def _covers_once(run: RunRow, index: int) -> bool:
    """Whether each datapoint has one log that the evaluator judged."""
    return not run.missing_datapoints and run.datapoints_count == run.logs_count == run.stats[index].judged_logs


def _figure(stats: EvaluatorFigures, change: Quoted, logs: int) -> Quoted:
    text = headline(stats)
    if not text:
        return ""
    partial = "" if stats.judged_logs == logs else f" n={figures.count(stats.units or stats.judged_logs)}"
    figure = text + (f" ({change})" if change else "") + partial
    return ", ".join(filter(None, [figure, pass_words(stats)]))


@once
def run_remarks(evaluation: ResolvedEvaluation) -> list[Quoted]:
    """Notes on the table: the meaning of differences, unreliable evaluators, excluded judgments."""
    remarks: list[Quoted] = []
    if len(evaluation.runs) > 1:
        control = evaluation.reference_run
        called = name(evaluation.run_labels[control.id])
        which = f"control {called}" if control.control else f"the oldest run {called} (no control is set)"
        changes = [_change(run, control, index) for run in evaluation.runs for index, _ in enumerate(run.stats)]
        unpaired = any(change.startswith(_UNPAIRED) for change in changes)
        meaning = f" ({_UNPAIRED}: not over one log each for the same datapoints)" if unpaired else ""
        remarks.append(f"Brackets: difference from {which}{meaning}. Use compare_runs to test significance.")
    remarks += author_notes(evaluation, evaluation.runs)
    remarks += reported_notes(evaluation)
    remarks += _repeated(evaluation)
    labels = [name(label) for label in evaluation.evaluator_labels.values()]
    for index, label in enumerate(labels):
        all_stats = [run.stats[index] for run in evaluation.runs]
        if (value := constant_value(all_stats)) is not None:
            judged = sum(stats.judged_logs for stats in all_stats)
            logs = "logs" if judged == sum(run.logs_count for run in evaluation.runs) else "judged logs"
            remarks.append(f"{label} is {value} on all {figures.count(judged)} {logs}, so it cannot separate the runs.")
        if (mostly := _mostly_failing(all_stats)) is not None:
            remarks.append(f"{label} failed on {mostly} of its logs. Fix it before you trust it.")
    if evaluation.overview.not_run:
        unable = [name(evaluation.evaluator_labels[version_id]) for version_id in evaluation.overview.not_run]
        remarks.append(f"Not run, because this server runs no code and no model: {figures.listed(unable, _LISTED)}.")
    remarks += _unjudged(evaluation.runs, labels)
    for word, count in _KINDS:
        remarks += _counted(evaluation, labels, word, count)
    return remarks


def _repeated(evaluation: ResolvedEvaluation) -> list[Quoted]:
    """A note on repeated logs of a datapoint: they count once, unless only the server's own figures are known."""
    every = [(run, stats) for run in evaluation.runs for stats in run.stats]
    if any(_repeats(run, stats) for run, stats in every if stats.by_datapoint is not None or stats.shares is not None):
        return ["Repeated logs of a datapoint are averaged, so each datapoint counts once."]
    unread = [run for run in evaluation.runs if run.missing_datapoints is None]
    more = [run for run in unread if run.datapoints_count and run.logs_count > run.datapoints_count]
    if any(stats.num_judgments for run in more for stats in run.stats):
        return ["Repeated logs count one by one here. compare_runs averages them by datapoint."]
    return []


def _repeats(run: RunRow, stats: EvaluatorFigures) -> bool:
    """Whether logs repeat where figures are by datapoint: else it is because several authors judged a log."""
    if stats.authors is None or stats.authors.shared is None:
        return True
    return run.logs_count > (run.datapoints_count or run.logs_count) - (run.missing_datapoints or 0)


def _unjudged(runs: Sequence[RunRow], labels: Sequence[Quoted]) -> list[Quoted]:
    """A line that explains `-`: evaluators without judgments in a run, by the number of such runs."""
    amounts: dict[int, list[Quoted]] = {}
    for index, label in enumerate(labels):
        if amount := sum(bool(run.logs_count) and not run.stats[index].total_logs for run in runs):
            amounts.setdefault(amount, []).append(label)
    if not amounts:
        return []
    words: list[Quoted] = [
        f"{figures.listed(called, _LISTED)} in {figures.count(amount)}" for amount, called in sorted(amounts.items())
    ]
    words[0] += f" of {figures.count(len(runs), 'run')}"
    return [f"Not judged (-): {'; '.join(words)}."]


_KINDS: tuple[tuple[Quoted, Callable[[RunRow, EvaluatorFigures], int]], ...] = (
    ("failed", lambda run, stats: stats.num_errors),
    ("abstained", lambda run, stats: stats.num_nulls),
    # A run that an evaluator never judged shows as "-". Note only runs with some judgments missing.
    ("missing", lambda run, stats: run.logs_count - stats.logs if stats.total_logs else 0),
)


def _mostly_failing(all_stats: Sequence[EvaluatorFigures]) -> Quoted | None:
    """The share of logs that an evaluator failed on, if at least half."""
    total = sum(stats.total_logs for stats in all_stats)
    failed = sum(stats.num_errors for stats in all_stats)
    return figures.rate(failed / total) if total and failed * 2 >= total else None


def _counted(
    evaluation: ResolvedEvaluation,
    labels: Sequence[Quoted],
    word: Quoted,
    count: Callable[[RunRow, EvaluatorFigures], int],
) -> list[Quoted]:
    """One line on one kind of missing judgments: how many, in which runs, by which evaluators."""
    by_run: dict[str, list[tuple[Quoted, int]]] = {}
    total = 0
    for run in evaluation.runs:
        for label, stats in zip(labels, run.stats, strict=True):
            if amount := count(run, stats):
                by_run.setdefault(run.id, []).append((label, amount))
                total += amount
    if not total:
        return []
    shown: list[Quoted] = [
        f"{name(evaluation.run_labels[run_id])}: {_amounts(amounts) if total > 1 else amounts[0][0]}"
        for run_id, amounts in list(by_run.items())[:_LISTED]
    ]
    more = f"; {figures.count(len(by_run) - _LISTED, 'more run')}" if len(by_run) > _LISTED else ""
    return [f"Excluded: {figures.count(total, f'{word} judgment')} ({'; '.join(shown)}{more})."]


_LISTED = 6


def _amounts(amounts: Sequence[tuple[Quoted, int]]) -> Quoted:
    """`gpt_coherence 11, has_citation 2`, or `gpt_coherence, gpt_relevance 11 each`."""
    if len(amounts) > 1 and len({amount for _, amount in amounts}) == 1:
        return f"{', '.join(label for label, _ in amounts)} {figures.count(amounts[0][1])} each"
    return ", ".join(f"{label} {figures.count(amount)}" for label, amount in amounts)
