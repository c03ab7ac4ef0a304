"""Failing logs in planted groups, on SQLite and PostgreSQL."""

from collections import Counter

from tests.loaded_stores import OpenStore, Served, empty_file, new_store, served
from tests.planted_failures import FAILING, plant_failures

from evals_mcp.models.conditions import EvaluatorScale, JudgmentCondition, PassRule
from evals_mcp.models.questions import FailureQuestion, Filter

__all__ = ["empty_file", "new_store", "served"]


def test_planted_groups_are_found_on_both_databases(new_store: OpenStore, served: Served) -> None:
    """Sizes by run, causes and examples; a filter narrows them, and a stated rule fails others."""
    store = new_store()
    small = served.use(store, plant_failures)
    good, stars = (small.evaluators[f"small/{name}"] for name in ("good", "stars"))
    rule = PassRule(scales=[EvaluatorScale(evaluator_version_id=good)])
    found = store.failure_questions.answer(small.id, FailureQuestion(rule=rule))
    planted = Counter(group for groups in FAILING.values() for group in groups)
    assert (found.logs, found.failing, found.read, found.explained, found.others) == (120, 55, 55, 55, 0)
    assert [(cause.evaluator_version_id, cause.logs) for cause in found.causes] == [(good, 55)]
    assert [(run.failing, run.logs) for run in found.runs] == [(14, 60), (41, 60)]
    assert [group.logs for group in found.groups] == [amount for _, amount in planted.most_common()]
    assert [[run.failing for run in group.runs] for group in found.groups] == [[14, 12], [0, 20], [0, 9]]
    rude, more = found.groups[1], found.groups[1].runs[1].adjusted_p
    assert (more or 1) < 0.05
    assert all(example.evaluator_version_ids == [good] and example.run_id for example in rude.examples)
    assert all((example.explanation or "").startswith("Rude") for example in rude.examples)
    some = Filter(run_ids=[found.runs[0].run_id])
    of_one = store.failure_questions.answer(small.id, FailureQuestion(rule=rule, filter=some))
    assert (of_one.logs, of_one.failing, of_one.groups, len(of_one.listed)) == (60, 14, [], 14)
    stated = PassRule(stated=JudgmentCondition(evaluator_version_id=stars, at_least=2))
    of_stars = store.failure_questions.answer(small.id, FailureQuestion(rule=stated))
    assert (of_stars.failing, of_stars.causes[0].evaluator_version_id) == (120, stars)
    store.close()
