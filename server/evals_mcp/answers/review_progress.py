"""How far a review is, in words."""

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.answers.rater_names import option_word
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.review_queue import JudgeProgress, OptionProgress, ReviewProgress

_JUDGES = 4
_OPTIONS = 8


def progress_lines(evaluation: ResolvedEvaluation, progress: ReviewProgress, filtered: Quoted) -> list[Quoted]:
    """`14 of 60 reviewed; judge agrees on 9 of 14; failure_mode: retrieval 6, tone 3.`, and who has the others."""
    words: list[Quoted] = [
        f"{figures.count(progress.labelled)} of {figures.count(progress.logs)} logs{filtered} reviewed"
    ]
    if progress.sample_labelled:
        words.append(f"{figures.count(progress.sample_labelled)} of the even sample")
    words += [_judge(evaluation, item) for item in progress.judges[:_JUDGES]]
    words += [_options(evaluation, item) for item in progress.options]
    lines: list[Quoted] = [f"Progress: {'; '.join(words)}."]
    others: list[Quoted] = []
    if progress.waiting:
        others.append(f"{figures.count(progress.waiting)} with other reviewers")
    if progress.skipped:
        others.append(f"{figures.count(progress.skipped)} skipped by you, to come again last")
    return [*lines, f"Not reviewed: {', '.join(others)}."] if others else lines


def _judge(evaluation: ResolvedEvaluation, item: JudgeProgress) -> Quoted:
    judge, human = (_label(evaluation, id) for id in (item.judge_version_id, item.human_version_id))
    return f"{judge} agrees with {human} on {figures.count(item.agreed)} of {figures.count(item.logs)}"


def _options(evaluation: ResolvedEvaluation, item: OptionProgress) -> Quoted:
    """`failure_mode: retrieval 6, tone 3`."""
    counts: list[Quoted] = [f"{option_word(option)} {figures.count(amount)}" for option, amount in item.options]
    return f"{_label(evaluation, item.human_version_id)}: {figures.listed(counts, _OPTIONS)}"


def _label(evaluation: ResolvedEvaluation, version_id: str) -> Quoted:
    return name(evaluation.evaluator_labels.get(version_id, version_id))
