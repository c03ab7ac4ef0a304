"""Progress and report of an evaluation as text for a terminal. No queries."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evals_mcp.statistics.aggregates import BooleanStats, JudgmentCounts, NumberStats, OptionStats
from evals_mcp.store.evaluations.stats_problems import Problems


def progress_text(runs: Iterable[Any], problems: Problems) -> str:
    """Existing and required logs and judgments over all runs, and how many of the logs are errors."""
    logs = needed_logs = judged = needed_judgments = 0
    for progress in runs:
        run_logs = int(progress.run.logs_count)
        needed = run_logs + progress.missing_datapoints
        logs += run_logs
        needed_logs += needed
        judged += sum(progress.judged[version_id] for version_id in progress.required)
        needed_judgments += needed * len(progress.required)
    lines = ["Progress", f"  Logs       {logs}/{needed_logs}", f"  Judgments  {judged}/{needed_judgments}"]
    if failed := sum(problems.failed_logs.values()):
        lines.insert(2, f"  Errors     {failed}")
    return "\n".join([*lines, ""])


def report_text(
    names: Any,
    labels: Mapping[str, str],
    rows: Sequence[Any],
    headlines: Mapping[str, Sequence[str]],
    problems: Problems,
    link: str,
) -> str:
    """A table with a column per run (oldest first) and a row per evaluator, and the problems. Ends in a line break.

    `headlines` has a figure per evaluator, by run id.
    """
    oldest_first = list(reversed(rows))
    called = [labels.get(row.id) or names.versions.get(row.version_id, row.version_id or "-") for row in oldest_first]
    table = [
        ["run", *called],
        ["id", *(row.id for row in oldest_first)],
        ["created", *(row.created_at.strftime("%Y-%m-%d %H:%M") for row in oldest_first)],
        ["logs", *(str(row.logs_count) for row in oldest_first)],
    ]
    if problems.failed_logs:
        table.append(["errors", *(str(problems.failed_logs.get(row.id, 0)) for row in oldest_first)])
    for index, path in enumerate(names.evaluators.values()):
        table.append([path, *(headlines[row.id][index] for row in oldest_first)])
    return "\n".join([f"Results of {names.file or 'the evaluation'}", *_bordered(table), *problems.sentences, link, ""])


def headline(stats: JudgmentCounts, average: float | None = None, shares: Mapping[str, float] | None = None) -> str:
    """The headline figure of an evaluator: the rate of true, the mean, or the most frequent option.

    If logs repeat, it is an `average` or of `shares` in which each datapoint counts once.
    """
    if not stats.num_judgments:
        return f"none, {stats.num_errors} failed" if stats.num_errors else "-"
    match stats:
        case BooleanStats():
            return f"{stats.num_true / stats.num_judgments if average is None else average:.1%} true"
        case NumberStats(mean=mean) if mean is not None:
            return f"{mean if average is None else average:.2f}"
        case OptionStats(num_judgments_per_option=counts) if counts:
            of_logs = {option: count / stats.num_judgments for option, count in counts.items()}
            option, share = max((shares or of_logs).items(), key=lambda item: item[1])
            return f"{option} {share:.0%}"
    return f"{stats.num_judgments} judged"


def _bordered(table: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in table
    ]
    return [rule, lines[0], rule, *lines[1:], rule]
