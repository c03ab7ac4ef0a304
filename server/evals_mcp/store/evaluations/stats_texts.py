"""Progress and report of an evaluation as text for a terminal. No queries."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evals_mcp.statistics.aggregates import BooleanStats, JudgmentCounts, NumberStats, OptionStats


def progress_text(runs: Iterable[Any]) -> str:
    """Existing and required logs and judgments over all runs."""
    logs = needed_logs = judged = needed_judgments = 0
    for progress in runs:
        run_logs = int(progress.run.logs_count)
        needed = run_logs + progress.missing_datapoints
        logs += run_logs
        needed_logs += needed
        judged += sum(progress.judged.values())
        needed_judgments += needed * len(progress.judged)
    return f"Progress\n  Logs       {logs}/{needed_logs}\n  Judgments  {judged}/{needed_judgments}\n"


def report_text(names: Any, rows: Sequence[Any], run_stats: Mapping[str, Sequence[Any]], link: str) -> str:
    """A table with a column per run (oldest first) and a row per evaluator. Ends with a line break."""
    oldest_first = list(reversed(rows))
    versions = [names.versions.get(row.version_id, row.version_id or "-") for row in oldest_first]
    table = [
        ["version", *versions],
        ["run", *(row.id for row in oldest_first)],
        ["created", *(row.created_at.strftime("%Y-%m-%d %H:%M") for row in oldest_first)],
        ["logs", *(str(row.logs_count) for row in oldest_first)],
    ]
    for version_id, path in names.evaluators.items():
        cells = [
            headline(item.stats)
            for row in oldest_first
            for item in run_stats[row.id]
            if item.attachment.evaluator_version_id == version_id
        ]
        table.append([path, *cells])
    return "\n".join([f"Results of {names.file or 'the evaluation'}", *_bordered(table), link, ""])


def headline(stats: JudgmentCounts) -> str:
    """The headline figure of an evaluator: the rate of true, the mean, or the most frequent option."""
    if not stats.num_judgments:
        return "-"
    match stats:
        case BooleanStats():
            return f"{stats.num_true / stats.num_judgments:.1%} true"
        case NumberStats(mean=mean) if mean is not None:
            return f"{mean:.2f}"
        case OptionStats(num_judgments_per_option=counts) if counts:
            option, count = max(counts.items(), key=lambda item: item[1])
            return f"{option} {count / stats.num_judgments:.0%}"
    return f"{stats.num_judgments} judged"


def _bordered(table: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in table
    ]
    return [rule, lines[0], rule, *lines[1:], rule]
