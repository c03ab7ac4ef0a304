"""Labels of runs: short, all different, and understood as words."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals_mcp.errors import Invalid
from evals_mcp.lookup.runs import find_run
from evals_mcp.models.resolved import ResolvedEvaluation, resolve
from evals_mcp.models.rows import EvaluationRow, Overview, RunRow
from evals_mcp.models.run_labels import run_labels

_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _run(number: int, *differences: str, name: str | None = None, version: str = "", control: bool = False) -> RunRow:
    return RunRow(
        id=f"run_{number}abcdefghijklmnopq",
        version_id=version or f"prv_{number}",
        version_name=name,
        differences=list(differences),
        logs_count=0,
        status="completed",
        control=control,
        created_at=_NOW,
        stats=[],
    )


def _evaluation(runs: Sequence[RunRow]) -> ResolvedEvaluation:
    row = EvaluationRow(
        id="evr_1", runs_count=len(runs), evaluators=[], status="completed", created_at=_NOW, changed_at=_NOW
    )
    return resolve(Overview(evaluation=row, evaluators=[], runs=list(runs)))


def _labels(*runs: RunRow) -> list[str]:
    return list(run_labels(runs).values())


def test_a_label_is_the_name_else_what_tells_the_version_apart_else_the_number() -> None:
    """Only fields that are needed to tell the runs apart are in it, and after the oldest run only what changed."""
    runs = [_run(1, "model=a", "temperature=0.2"), _run(2, "model=b", "temperature=0.7")]
    assert _labels(*runs) == ["model=a", "model=b"]
    assert _labels(*runs, _run(3, "model=b", "temperature=0.2")) == [
        "model=a temperature=0.2",
        "model=b temperature=0.7",
        "model=b",
    ]
    assert _labels(_run(1, "model=a", name="old"), _run(2, "model=b")) == ["old", "model=b"]
    assert _labels(_run(1), _run(2)) == ["run 1 (1abc)", "run 2 (2abc)"]


def test_repeats_of_a_version_are_numbered() -> None:
    """The description is the same, so the number tells them apart."""
    assert _labels(_run(1, "model=a", version="v"), _run(2, "model=a", version="v"), _run(3, "model=b")) == [
        "model=a#1",
        "model=a#2",
        "model=b",
    ]


def test_a_description_that_is_too_long_is_shortened() -> None:
    """The sizes of changes go first, then fields of the oldest run; what is still too long becomes a number."""
    base = ["model=gpt-4o", "temperature=0.7", "top_p=0.9", "template 1"]
    long = "model=a-model-with-a-rather-long-name"
    runs = [
        _run(1, *base),
        _run(2, "model=gpt-4o-mini", *base[1:]),
        _run(3, *base[:1], "temperature=0.2", *base[2:]),
        _run(4, *base[:3], "template 2 (+3 -1 lines)"),
        _run(5, long, "temperature=0.2", "top_p=0.1", "template 2 (+3 -1 lines)"),
        _run(6, base[0], "temperature=0.1", base[2], "template 3 (+120 -10 lines)"),
    ]
    assert _labels(*runs) == [
        "model=gpt-4o temperature=0.7 template 1",
        "model=gpt-4o-mini",
        "temperature=0.2",
        "template 2 (+3 -1 lines)",
        "run 5 (5abc)",
        "temperature=0.1 template 3",
    ]


@pytest.mark.parametrize(
    ("word", "number"),
    [
        ("gpt-4o", 1),
        ("model=gpt-4o", 1),
        ("MINI", 2),
        ("gpt-4o-mini", 2),
        ("temperature=0.2", 2),
        ("0.2", 2),
        ("template 2", 2),
        ("template 1", 1),
        ("template 11", 3),
        ("claude", 3),
    ],
)
def test_any_part_of_a_description_finds_its_run(word: str, number: int) -> None:
    """A value that another one begins with means the run that has just that value."""
    runs = [
        _run(1, "model=gpt-4o", "temperature=0.7", "template 1"),
        _run(2, "model=gpt-4o-mini", "temperature=0.2", "template 2 (+3 -1 lines)"),
        _run(3, "model=claude", "temperature=0.25", "template 11 (+3 -1 lines)"),
    ]
    assert find_run(_evaluation(runs), word) is runs[number - 1]


def test_a_number_finds_its_run() -> None:
    """Run 1 is not mistaken for run 11."""
    runs = [_run(number) for number in range(1, 13)]
    assert find_run(_evaluation(runs), "run 1") is runs[0]
    with pytest.raises(Invalid, match="matches"):
        find_run(_evaluation(runs), "run")


_parts = st.sampled_from(["model=a", "model=a#1", "a", "b", "run 1 (1abc)", "control", "no x", "x=" + "y" * 40, " a "])
_runs = st.lists(
    st.tuples(st.tuples(_parts, _parts), st.none() | _parts | st.text(min_size=1, max_size=5), st.booleans()),
    max_size=7,
)


@given(_runs, st.integers(-1, 6))
def test_labels_are_different_and_each_finds_its_run(
    drawn: list[tuple[tuple[str, str], str | None, bool]], control: int
) -> None:
    """Whatever versions and fields are called. Described labels have at most 40 characters and a number."""
    runs = [
        _run(index, *(parts if described else ()), name=name, control=index == control)
        for index, (parts, name, described) in enumerate(drawn)
    ]
    evaluation = _evaluation(runs)
    labels = evaluation.run_labels
    assert len(set(labels.values())) == len(runs)
    for run in runs:
        assert find_run(evaluation, labels[run.id]) is run
        assert run.version_name or len(labels[run.id]) <= 43
