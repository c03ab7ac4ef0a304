"""Labels that were stored: what they say, what they replaced, and how judges agree with them."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from evals_mcp.answers import intervals
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.calls import next_call
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.answers.judgments import judgment_word
from evals_mcp.answers.rater_names import option_word
from evals_mcp.models.agreement import EvenLabels, RaterPair
from evals_mcp.models.labels import LabelsRequest, LabelsResponse, StoredLabel
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.halved_intervals import more_for_half

_LISTED = 6
_EXAMPLES = 4

MARKING = "examples"
"""What follows the name of a judge to mark logs as examples of its prompt."""


class JudgedLogs(NamedTuple):
    """Logs with this label that a judge judged so: the newest ids, and how many there are."""

    label: str
    judgment: str
    log_ids: list[str]
    total: int


class JudgeAgreement(NamedTuple):
    """A judge's version and labels, by name, on the logs that have both.

    `logs` are examples by any version of the judge, which is `called` so; those that differ come first. `even` tells
    the labels in the figures, if these are an even sample's alone.
    """

    pair: RaterPair
    judge: Quoted
    labels: Quoted
    called: str
    logs: list[JudgedLogs]
    even: EvenLabels | None = None


def summarize_labels(
    evaluation: ResolvedEvaluation,
    request: LabelsRequest,
    made: LabelsResponse,
    budget: int,
    *,
    judges: Sequence[JudgeAgreement] = (),
) -> Quoted:
    """Labels and their evaluator, and the agreement of `judges`."""
    answer = Answer(budget)
    answer.head(_head(evaluation, request, made))
    if made.evaluator.is_new:
        verb: Quoted = "Would create" if request.dry_run else "Created"
        of = f" with the options {_options(made.options)}" if made.options else ""
        answer.line(f"{verb} evaluator {name(made.evaluator.name)}: {name(made.return_type)}{of}.")
    elif made.new_options:
        verb = "Would add options" if request.dry_run else "New options"
        answer.line(f"{verb}: {_options(made.new_options)}. All options: {_options(made.options)}.")
    if replaced := _replaced(request, made):
        answer.line(replaced)
    for judge in judges:
        answer.line(_agreement(judge))
    truths = judges if request.kind == "human" else []  # what an assistant says is no truth to teach a judge
    for line in [line for judge in truths for line in (_differing(judge), _examples(judge, evaluation.id)) if line]:
        answer.line(line)
    if request.dry_run:
        answer.offer("Next: the same call without dry_run.")
        return answer.text()
    if judges:
        call = next_call("list_runs", evaluation=evaluation.id, show="agreement")
        answer.offer(f"Figures of all judges, by run: {call}")
    return answer.text()


def _head(evaluation: ResolvedEvaluation, request: LabelsRequest, made: LabelsResponse) -> Quoted:
    start: Quoted = "Dry run, nothing was stored. Would label" if request.dry_run else "Labelled"
    by: Quoted = f" by {name(made.author)}" if made.author else ""
    whose: Quoted = "a person's judgment" if request.kind == "human" else "an assistant's judgment"
    one: Quoted = f"log {name(made.labels[0].log_id)}" if len(made.labels) == 1 else ""
    logs = one or figures.count(len(made.labels), "log")
    called = evaluation.evaluator_labels.get(made.evaluator.version_id or "", made.evaluator.name)
    return f"{start} {logs} with {name(called)} ({whose}{by}){_values(request, made)}."


def _values(request: LabelsRequest, made: LabelsResponse) -> Quoted:
    """`: retrieval 2, tone 1`; nothing of texts."""
    if made.return_type == "text":
        return ""
    counted = Counter(_word(label.judgment) for label in request.labels).most_common()
    if len(request.labels) == 1:
        return f": {counted[0][0]}"
    return f": {figures.listed([f'{word} {figures.count(amount)}' for word, amount in counted], _LISTED)}"


def _word(judgment: object) -> Quoted:
    return judgment_word("abstained" if judgment is None else "judged", judgment)


def _options(options: Sequence[str]) -> Quoted:
    return figures.listed([name(option) for option in options], 2 * _LISTED)


def _replaced(request: LabelsRequest, made: LabelsResponse) -> Quoted:
    """`Replaces 2 earlier labels of this author: log_a rude → kind; log_b unchanged.`"""
    found = [
        (label, given.judgment) for label, given in zip(made.labels, request.labels, strict=True) if label.replaced
    ]
    if not found:
        return ""
    words = [_change(label, judgment) for label, judgment in found]
    verb: Quoted = "Would replace" if request.dry_run else "Replaced"
    count = figures.count(len(found), "earlier label")
    return f"{verb} {count} of this author: {figures.listed(words, _LISTED)}."


def _change(label: StoredLabel, judgment: object) -> Quoted:
    assert label.replaced is not None
    if label.replaced.judgment == judgment:
        return f"{name(label.log_id)} unchanged"
    return f"{name(label.log_id)} {_word(label.replaced.judgment)} → {_word(judgment)}"


def _agreement(judge: JudgeAgreement) -> Quoted:
    """`judge gives the label on 64% (39 to 84) of 14 logs, kappa 0.3 (…); about 43 more labels would halve …`"""
    pair = judge.pair
    found = pair.kappa or pair.alpha
    called: Quoted = "kappa" if pair.kappa else "alpha"
    beyond = f", {called} {intervals.coefficient(found)}" if found else ""
    logs = figures.count(pair.logs, "log")
    more = more_for_half(pair.agreement, pair.logs)
    needed = f" About {figures.about(more)} more labels would halve the interval of the rate." if more else ""
    rate = intervals.rate(pair.agreement)
    of: Quoted = " of the even sample" if judge.even else ""
    others: Quoted = ""
    if judge.even and judge.even.left_out:
        others = f" {figures.count(judge.even.left_out, 'label')} of other logs left out."
    return f"{judge.judge} equals {judge.labels} on {rate} of {logs}{of} that both judged{beyond}.{others}{needed}"


def _differing(judge: JudgeAgreement) -> Quoted:
    """`Differing: label true, judge false: log_a, log_b and 3 more; …`"""
    words: list[Quoted] = []
    for logs in judge.logs:
        if logs.label != logs.judgment and logs.log_ids:
            ids = [name(id) for id in logs.log_ids]
            more = f" and {figures.count(logs.total - len(ids))} more" if logs.total > len(ids) else ""
            says = f"label {option_word(logs.label)}, {name(judge.called)} {option_word(logs.judgment)}"
            words.append(f"{says}: {', '.join(ids)}{more}")
    return f"They differ: {'; '.join(words)}. Read these for a better prompt of the judge." if words else ""


def _examples(judge: JudgeAgreement, evaluation_id: str) -> Quoted:
    """`Few-shot examples for judge: log_a (true), log_b (false).`"""
    words: list[Quoted] = [
        f"{name(logs.log_ids[0])} ({option_word(logs.label)})" for logs in judge.logs[:_EXAMPLES] if logs.log_ids
    ]
    if not words:
        return ""
    call = next_call("label_logs", evaluation=evaluation_id, evaluator=f"{judge.called}:{MARKING}", logs=["…"])
    found = f"Few-shot examples for {name(judge.called)}: {', '.join(words)}"
    return f"{found}. Mark all that its prompt shows: {call}"


def summarize_examples(
    evaluation: ResolvedEvaluation, judge: EvaluatorRow, ids: Sequence[str], budget: int, *, dry_run: bool
) -> Quoted:
    """Examples that were marked for a judge, or would be."""
    answer = Answer(budget)
    called = name(evaluation.evaluator_labels[judge.version_id])
    start: Quoted = "Dry run, nothing was stored. Would mark" if dry_run else "Marked"
    count = figures.count(len(ids), "example")
    answer.head(f"{start} {count} in the prompt of {called}: {figures.listed([name(id) for id in ids], _LISTED)}.")
    answer.line("They replace those marked before. Agreement, rates and corrected differences leave them out.")
    if dry_run:
        answer.offer("Next: the same call without dry_run.")
    else:
        answer.offer(f"Next: {next_call('list_runs', evaluation=evaluation.id, show='agreement')}")
    return answer.text()
