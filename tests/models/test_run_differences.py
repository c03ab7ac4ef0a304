"""What tells versions apart, from their contents."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals_mcp.models.run_differences import RunSubject, run_differences

BRIEF = "Answer the question.\nBe brief.\nBe kind."
CITED = "Answer the question.\nCite a source.\nBe kind.\nEnd with a summary."


def subject(content: dict[str, Any] | None, version: str = "", **fields: Any) -> RunSubject:
    """A run's subject; its version id is given, or stands for the content."""
    version_id = None if content is None else version or repr(content)
    return RunSubject(version_id, content, **{**_PLACE, **fields})


_PLACE: dict[str, Any] = {
    "file_path": "a/prompt",
    "dataset_version_id": "dsv_1",
    "dataset_path": "a/questions",
    "datapoints_count": 12,
}


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        ([{"model": "gpt-4o"}, {"model": "gpt-4o-mini"}], [["model=gpt-4o"], ["model=gpt-4o-mini"]]),
        (
            [{"model": "m", "temperature": 0.7}, {"model": "m", "temperature": 1.0}, {"model": "m"}],
            [["temperature=0.7"], ["temperature=1"], ["temperature=(none)"]],
        ),
        ([{"attributes": {"prompt": "v1"}}, {"attributes": {"prompt": "v2"}}], [["prompt=v1"], ["prompt=v2"]]),
        (
            [{"attributes": {"rag": {"k": 3}}}, {"attributes": {"rag": {"k": "3"}}}],
            [["rag.k=3"], ['rag.k="3"']],
        ),
        (
            [{"model": "m", "template": BRIEF}, {"model": "m", "template": CITED}],
            [["template 1"], ["template 2 (+2 -1 lines)"]],
        ),
        (
            [{"model": "m", "template": f"Write {'a ' * 20}"}, {"model": "m", "template": f"Speak {'a ' * 21}"}],
            [["template 1"], ["template 2 (+2 -1 words)"]],
        ),
        (
            [{"model": "m", "template": [{"role": "system", "content": text}]} for text in (BRIEF, CITED)],
            [["template 1"], ["template 2 (+2 -1 lines)"]],
        ),
        ([{"model": "m", "stop": ["a"]}, {"model": "m", "stop": ["a", "b"]}], [['stop=["a"]'], ['stop=["a", "b"]']]),
        (
            [
                {"model": "m", "tools": [{"name": "search", "strict": True}, {"name": "mail"}]},
                {"model": "m", "tools": [{"name": "mail"}, {"name": "search", "strict": False}]},
            ],
            [["tools.search.strict=true"], ["tools.search.strict=false"]],
        ),
        (
            [{"attributes": {"commit": "4f2a91c", "k": 1}}, {"attributes": {"commit": "98be2d0", "k": 2}}],
            [["k=1", "commit=4f2a91c"], ["k=2", "commit=98be2d0"]],
        ),
        (
            [{"attributes": {"model": "a"}, "model": "b"}, {"attributes": {"model": "c"}, "model": "b"}],
            [["attributes.model=a"], ["attributes.model=c"]],
        ),
        ([{"model": "m"}, {"model": "m"}], [[], []]),
        ([{"model": "m"}, None, {"model": "n"}], [["model=m"], [], ["model=n"]]),
        ([None], [[]]),
        ([], []),
    ],
)
def test_each_field_that_differs_is_a_part(contents: list[Any], expected: list[list[str]]) -> None:
    """Values stand for themselves, long texts by number and size of the change; telling fields come before times."""
    assert run_differences([subject(content) for content in contents]) == expected


def test_runs_of_different_files_differ_by_the_file() -> None:
    """Two flows of the same attributes are told apart by their paths."""
    subjects = [subject({"attributes": {}}, path, file_path=path) for path in ("a/one", "a/two")]
    assert run_differences(subjects) == [["file=one"], ["file=two"]]
    subjects = [subject({"attributes": {}}, path, file_path=path) for path in ("a/one", "b/one")]
    assert run_differences(subjects) == [["file=a/one"], ["file=b/one"]]


def test_runs_of_one_version_differ_by_the_dataset() -> None:
    """Its path if that is enough, else its number with its size; not where the versions differ anyway."""
    one = {"model": "m"}
    grown = [subject(one), subject(one, dataset_version_id="dsv_2", datapoints_count=15)]
    assert run_differences(grown) == [["dataset 1 (12 datapoints)"], ["dataset 2 (15 datapoints)"]]
    other = [subject(one), subject(one, dataset_version_id="dsv_2", dataset_path="b/questions")]
    assert run_differences(other) == [["dataset=a/questions"], ["dataset=b/questions"]]
    versions = [subject(one), subject({"model": "n"}, dataset_version_id="dsv_2")]
    assert run_differences(versions) == [["model=m"], ["model=n"]]


_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(-1, 1),
    st.text(max_size=60),
    st.sampled_from([BRIEF, CITED]),
)
_contents = st.dictionaries(
    st.sampled_from(["model", "template", "temperature", "stop", "x" * 30, "x" * 31]),
    _values | st.lists(_values, max_size=2) | st.dictionaries(st.sampled_from(["name", "k"]), _values, max_size=2),
    max_size=4,
)


@given(st.lists(_contents, max_size=6), st.randoms(use_true_random=False))
def test_parts_are_aligned_short_and_the_same_in_any_order_of_keys(contents: list[Any], random: Any) -> None:
    """Every run has a part for the same fields, whatever the JSON is, and the order of keys changes nothing."""
    found = run_differences([subject(content) for content in contents])
    assert len({len(parts) for parts in found}) <= 1
    assert all(len(part) <= 90 for parts in found for part in parts)
    shuffled = [dict(random.sample(list(content.items()), len(content))) for content in contents]
    again = run_differences([subject(new, repr(old)) for new, old in zip(shuffled, contents, strict=True)])
    assert again == found


@given(st.lists(_contents, min_size=1, max_size=5), st.data())
def test_a_run_of_a_known_version_changes_no_part(contents: list[Any], data: st.DataObject) -> None:
    """Labels stay while versions are run again."""
    subjects = [subject(content) for content in contents]
    again = data.draw(st.sampled_from(subjects))
    assert run_differences([*subjects, again])[:-1] == run_differences(subjects)
