"""A judge against people in words: its errors, and what its rate means."""

from evals_mcp.answers import intervals
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.answers.rater_names import RaterNames, option_word
from evals_mcp.models.agreement import AgreementRows, CorrectedRate, JudgeErrors
from evals_mcp.models.resolved import ResolvedEvaluation

_RUNS = 6
_EVEN: Quoted = (
    "Corrected rates hold for labels of an even sample, which cannot be known here: labels of chosen logs, such as "
    "regressions or disagreements, bias them."
)


def judge_lines(evaluation: ResolvedEvaluation, rows: AgreementRows, names: RaterNames) -> list[Quoted]:
    """For each judge, the best first: how often it gives what people give, and its corrected rates."""
    lines: list[Quoted] = []
    for errors in sorted(rows.judges, key=_worth):
        lines.append(_errors(errors, names))
        lines += [_corrected(evaluation, errors, row, names) for row in errors.corrected[: _RUNS + 1]]
        if (more := len(errors.corrected) - _RUNS - 1) > 0:
            lines.append(f'{figures.count(more, "more run")} of this judge: add where=["run=…"].')
    if any(row.rate for errors in rows.judges if not errors.is_even for row in errors.corrected):
        lines.append(_EVEN)
    return lines


def _worth(errors: JudgeErrors) -> float:
    return -sum(0.5 if rate is None else rate.value for rate in (errors.true_positive, errors.true_negative))


def _errors(errors: JudgeErrors, names: RaterNames) -> Quoted:
    """`Where human says true, judge does on 86% (72 to 93); where human says false, on 100% (82 to 100).`"""
    human, does = names.of(errors.human), f" {names.of(errors.judge)} does"
    words: list[Quoted] = []
    for option, rate in zip(errors.options, (errors.true_positive, errors.true_negative), strict=True):
        if rate is not None:
            words.append(f"here {human} says {option_word(option)},{'' if words else does} on {intervals.rate(rate)}")
    return f"W{'; w'.join(words)}."


def _corrected(evaluation: ResolvedEvaluation, errors: JudgeErrors, row: CorrectedRate, names: RaterNames) -> Quoted:
    """`v2: judge says true on 85% of 400 logs; against 60 labels of human that means about 71% (63 to 79)`."""
    of: Quoted = "All runs" if row.run_id is None else name(evaluation.run_labels[row.run_id])
    option, logs = option_word(errors.options[0]), figures.count(row.logs, "log")
    judge = f"{of}: {names.of(errors.judge)} says {option} on {figures.rate(row.judge_rate)} of {logs}"
    labels = f"{figures.count(row.labels, 'label')} of {names.of(errors.human)}"
    if row.rate is None:
        return f"{judge}; {_why_none(row, labels)}, so no corrected rate."
    if row.method == "errors":
        return f"{judge}; if it errs as on the labelled logs, that means about {intervals.rate(row.rate)}."
    return f"{judge}; against {labels} that means about {intervals.rate(row.rate)}."


def _why_none(row: CorrectedRate, labels: Quoted) -> Quoted:
    if row.method == "labels":
        return f"{labels} are all of logs that it judges alike"
    return f"{labels} here, and those of other runs are too few, not even, or tell no errors"
