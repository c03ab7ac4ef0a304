"""Group failing logs by what is said of them."""

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from evals_mcp.models.failures import FEW_FAILING, FailingLog, FailureCause, FailureGroup, FailureRows, RunFailures
from evals_mcp.models.questions import FailureQuestion
from evals_mcp.statistics.failure_groups import TextGroups, group_texts, over_representation
from evals_mcp.store.questions.cached_answers import CachedAnswers
from evals_mcp.store.questions.evaluation_states import EvaluationState
from evals_mcp.store.questions.failing_texts import FailingText, read_failing_texts
from evals_mcp.store.questions.filter_conditions import FilterConditions
from evals_mcp.store.questions.filtered_columns import matching_logs
from evals_mcp.store.questions.keys import RunLogKey
from evals_mcp.store.questions.pass_sql import failing_logs

MOST_READ = 10_000
"""The failing logs that are grouped: an even sample of more."""

_MOST_LISTED = 30  # of more that are no groups
_EXAMPLES = 3

Failing = dict[RunLogKey, dict[int, str]]
"""The evaluator logs that fail a log, with the attached version; 0 and "" for an error."""


class FailureQuestions:
    """Answers questions on failing logs."""

    def __init__(self, answers: CachedAnswers) -> None:
        self._answers = answers

    def answer(self, evaluation_id: str, question: FailureQuestion, known: str | None = None) -> FailureRows:
        """Group the failing logs. `known` is as for `CachedAnswers`. Raises NotFound and Invalid."""
        return self._answers.get("failures", evaluation_id, question, known, _compute)


def _compute(
    connection: Connection, question: FailureQuestion, evaluation: EvaluationState, conditions: FilterConditions
) -> FailureRows:
    runs = evaluation.find_runs(question.filter.run_ids)[::-1]
    totals = {run.id: run.logs_count for run in runs}
    chosen: dict[str, set[int]] | None = None
    if conditions.names:
        chosen = {run_id: set(numbers) for run_id, numbers in matching_logs(connection, conditions, runs).items()}
        totals = {run_id: len(numbers) for run_id, numbers in chosen.items()}
    failing: Failing = {}
    if runs:
        rows = connection.execute(failing_logs(question.rule, list(totals), evaluation))
        for run_id, number, version_id, evaluator_log in rows:
            if chosen is None or number in chosen[run_id]:
                failing.setdefault(RunLogKey(run_id, number), {})[evaluator_log] = version_id
    keys = sorted(failing, key=lambda key: (list(totals).index(key.run_id), key.log_number))
    read = [keys[at * len(keys) // MOST_READ] for at in range(MOST_READ)] if len(keys) > MOST_READ else keys
    causes = Counter(version_id for of_log in failing.values() for version_id in set(of_log.values()))
    of_runs = Counter(key.run_id for key in keys)
    texts = read_failing_texts(connection, evaluation, {key: sorted(failing[key]) for key in read})
    found = [_failing_log(key, text, failing[key]) for key, text in zip(read, texts, strict=True)]
    rows_found = FailureRows(
        logs=sum(totals.values()),
        failing=len(keys),
        read=len(read),
        explained=sum(bool(text.explanations) for text in texts),
        causes=[FailureCause(evaluator_version_id=id or None, logs=amount) for id, amount in causes.most_common()],
        runs=[RunFailures(run_id=id, failing=of_runs[id], logs=total) for id, total in totals.items()],
    )
    if len(keys) < FEW_FAILING:
        return rows_found.model_copy(update={"listed": found})
    said = ["\n".join(item.text for item in text.explanations) for text in texts]
    groups = group_texts([said, [text.input.text for text in texts]])
    if len(groups.terms) < 2:
        return rows_found.model_copy(update={"listed": _different(found, _MOST_LISTED)})
    return rows_found.model_copy(
        update={
            "groups": _groups(groups, found, rows_found),
            "others": int((groups.groups < 0).sum()),
        }
    )


def _groups(groups: TextGroups, found: Sequence[FailingLog], rows: FailureRows) -> list[FailureGroup]:
    import numpy as np

    run_ids = [run.run_id for run in rows.runs]
    members = [np.flatnonzero(groups.groups == group) for group in range(len(groups.terms))]
    of_runs = [Counter(found[index].run_id for index in of_group.tolist()) for of_group in members]
    read = Counter(log.run_id for log in found)
    totals = [read[run_id] for run_id in run_ids]
    p_values = over_representation([[counts[run_id] for run_id in run_ids] for counts in of_runs], totals)
    made = []
    for group, of_group in enumerate(members):
        typical = of_group[np.argsort(-groups.likeness[of_group], kind="stable")].tolist()
        shares = zip(run_ids, totals, p_values[group], strict=True)
        made.append(
            FailureGroup(
                terms=groups.terms[group],
                logs=len(of_group),
                runs=[
                    RunFailures(run_id=id, failing=of_runs[group][id], logs=total, adjusted_p=p)
                    for id, total, p in shares
                ],
                examples=_different([found[index] for index in typical], _EXAMPLES),
            )
        )
    return made


def _different(logs: Sequence[FailingLog], most: int) -> list[FailingLog]:
    """The first logs, those with the same explanation last."""
    first: dict[str | None, FailingLog] = {}
    for log in logs:
        first.setdefault(log.explanation or log.input, log)
    others = [log for log in logs[:most] if log is not first[log.explanation or log.input]]
    return [*first.values(), *others][:most]


def _failing_log(key: RunLogKey, text: FailingText, causes: Mapping[int, str]) -> FailingLog:
    said = text.explanations[0] if text.explanations else None
    return FailingLog(
        id=text.log_id,
        run_id=key.run_id,
        has_error="" in causes.values(),
        evaluator_version_ids=sorted(set(causes.values()) - {""}),
        explanation=said and said.text,
        explanation_length=said.length if said and said.length > len(said.text) else None,
        input=text.input.text or None,
        input_length=text.input.length if text.input.length > len(text.input.text) else None,
    )
