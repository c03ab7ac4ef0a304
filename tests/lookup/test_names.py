"""Finding runs and evaluators by the words that people use."""

from collections.abc import Sequence
from datetime import UTC, datetime
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals_mcp.errors import EvalsError, Invalid, NotFound
from evals_mcp.lookup.evaluators import find_evaluator
from evals_mcp.lookup.names import nearest
from evals_mcp.lookup.runs import find_run
from evals_mcp.models.resolved import ResolvedEvaluation, evaluator_labels, resolve
from evals_mcp.models.rows import EvaluationRow, EvaluatorRow, Overview, RunRow
from evals_mcp.models.run_labels import run_labels


def _run(number: int, name: str | None, *, control: bool = False) -> RunRow:
    return RunRow(
        id=f"run_{number:021d}",
        version_id=f"prv_{number}",
        version_name=name,
        logs_count=0,
        status="completed",
        control=control,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        stats=[],
    )


def _evaluator(version: str, path: str) -> EvaluatorRow:
    return EvaluatorRow(id=f"ev_{path}", version_id=version, path=path, return_type="boolean")


def _evaluation(runs: Sequence[RunRow] = (), evaluators: Sequence[EvaluatorRow] = ()) -> ResolvedEvaluation:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    row = EvaluationRow(
        id="evr_1", runs_count=len(runs), evaluators=[], status="completed", created_at=now, changed_at=now
    )
    return resolve(Overview(evaluation=row, evaluators=list(evaluators), runs=list(runs)))


def test_runs_of_one_version_are_numbered_from_the_oldest() -> None:
    """Repeats of a version get labels that differ, and a run without a name and differences its number."""
    runs = [_run(1, "baseline"), _run(2, "refined"), _run(3, "baseline"), _run(4, None)]
    assert list(run_labels(runs).values()) == ["baseline#1", "refined", "baseline#2", "run 4 (0000)"]


@pytest.mark.parametrize(
    "word", ["run_000000000000000000002", "refined", "REFINED", "prv_2", "refi", "fine", '"refined"']
)
def test_a_run_is_found_by_id_name_version_beginning_or_part(word: str) -> None:
    """Whatever tells it from the others is enough, also in the quotes in which answers show some names."""
    assert find_run(_evaluation([_run(1, "baseline"), _run(2, "refined")]), word).version_name == "refined"


def test_a_part_of_a_random_id_names_nothing() -> None:
    """Only its beginning does, so that a wrong name is not taken for a run by chance."""
    runs = [_run(1, "baseline"), _run(2, "refined")]
    assert find_run(_evaluation(runs), "run_000000000000000000002").version_name == "refined"
    with pytest.raises(NotFound):
        find_run(_evaluation(runs), "0002")


def test_control_names_the_control_run() -> None:
    """The word control finds the run that others are compared with."""
    assert find_run(_evaluation([_run(1, "a"), _run(2, "b", control=True)]), "control").version_name == "b"


def test_a_word_that_fits_several_runs_lists_them_from_the_newest() -> None:
    """The caller can choose, and sees the most recent first."""
    with pytest.raises(Invalid, match=r"run: .* matches 2: prompt-c, prompt-b \(newest first\)"):
        find_run(_evaluation([_run(1, "a"), _run(2, "prompt-b"), _run(3, "prompt-c")]), "prompt")


def test_an_unknown_word_names_what_is_nearest() -> None:
    """A typo is answered with the name that was meant."""
    with pytest.raises(NotFound, match="Nearest: prompt-refined"):
        find_run(_evaluation([_run(1, "baseline"), _run(2, "prompt-refined")]), "promt-refind")


def test_an_evaluator_is_called_by_the_end_of_its_path_unless_that_is_shared() -> None:
    """Short where that is enough, the path where it is not, the version where even that is shared."""
    rows = [_evaluator("evv_1", "a/tone"), _evaluator("evv_2", "b/tone"), _evaluator("evv_3", "a/exact")]
    assert list(evaluator_labels(rows).values()) == ["a/tone", "b/tone", "exact"]
    versions = [_evaluator("evv_1", "a/tone"), _evaluator("evv_2", "a/tone")]
    assert list(evaluator_labels(versions).values()) == ["tone@evv_1", "tone@evv_2"]


def test_an_evaluator_is_found_by_either_name() -> None:
    """The end of the path, the path and the id all do."""
    rows = [_evaluator("evv_1", "support/tone"), _evaluator("evv_2", "support/exact")]
    assert {
        find_evaluator(_evaluation(evaluators=rows), word).version_id
        for word in ("tone", "support/tone", "evv_1", "ev_support/tone")
    } == {"evv_1"}


def test_a_word_that_fits_several_evaluators_lists_them_from_the_newest() -> None:
    """The one attached last comes first, as the error says."""
    rows = [_evaluator("evv_1", "a/tone-old"), _evaluator("evv_2", "a/tone-new")]
    with pytest.raises(Invalid, match=r"evaluator: .* matches 2: tone-new, tone-old \(newest first\)"):
        find_evaluator(_evaluation(evaluators=rows), "tone")


@given(st.text(max_size=300), st.lists(st.text(max_size=30), max_size=12))
def test_any_word_finds_one_run_or_gets_a_short_error(word: str, names: list[str]) -> None:
    """Nothing that somebody types or calls a version breaks the search or floods the answer."""
    runs = [_run(number, name) for number, name in enumerate(names)]
    said = _find_or_error(runs, word)
    assert said is None or (len(said) < 1500 and all(c.isprintable() or category(c) == "Zs" for c in said))


def _find_or_error(runs: list[RunRow], word: str) -> str | None:
    try:
        find_run(_evaluation(runs), word)
    except EvalsError as error:
        return str(error)
    return None


def test_nothing_at_all_is_said_so() -> None:
    """An empty list does not pretend to have something near."""
    assert nearest("x", []) == "None exist."
