"""Which fields the datapoints of an evaluation have, and their most frequent values."""

from typing import Any

import pytest
from tests.api.v5_calls import V5

pytestmark = pytest.mark.anyio


async def _fields(v5: V5, *datasets: list[dict[str, Any]]) -> Any:
    """The answer for an evaluation with a run over each of these datasets."""
    await v5.prompt()
    evaluation = await v5.evaluation()
    for number, points in enumerate(datasets):
        dataset = await v5.ok("POST", "/datasets", {"path": f"data/{number}", "datapoints": points})
        await v5.run(evaluation, dataset={"version_id": dataset["version_id"]})
    return await v5.ok("GET", f"/review/evaluations/{evaluation['id']}/fields")


def _common(row: dict[str, Any]) -> list[tuple[str, int]]:
    return [(item["value"], item["datapoints_count"]) for item in row["common"]]


async def test_fields_have_their_values_and_counts(v5: V5) -> None:
    """By part and key, over all datasets of the runs; numbers have bounds, also where they are text."""
    law = [
        {
            "inputs": {"q": f"Question {n} " + "x" * 300, "n": n},
            "target": {"ok": n > 1},
            "metadata": {"category": "law"},
        }
        for n in range(3)
    ]
    tax = [
        {"inputs": {"q": "short", "n": "-7.5"}, "metadata": {"category": "tax", "who": {"age": 1}}},
        {"inputs": {"n": None}, "target": {"ok": "true"}, "metadata": {"who": {"age": "old"}}},
    ]
    answer = await _fields(v5, law, tax)
    assert (answer["datapoints_count"], answer["more"]) == (5, False)
    rows = {(row["part"], row["key"]): row for row in answer["rows"]}
    assert list(rows) == [
        *[("input", "n"), ("input", "q"), ("target", "ok"), ("metadata", "category"), ("metadata", "who.age")],
    ]
    category, n, question = rows["metadata", "category"], rows["input", "n"], rows["input", "q"]
    assert (category["datapoints_count"], category["values_count"]) == (4, 2)
    assert _common(category) == [("law", 3), ("tax", 1)]
    assert (category["low"], category["is_boolean"], category["has_cut_values"]) == (None, False, False)
    assert (n["datapoints_count"], n["low"], n["high"]) == (4, -7.5, 2)
    assert _common(n) == [("-7.5", 1), ("0", 1), ("1", 1), ("2", 1)]
    assert (question["values_count"], question["has_cut_values"]) == (4, True)
    ok, age = rows["target", "ok"], rows["metadata", "who.age"]
    assert (_common(ok), ok["is_boolean"], ok["low"]) == ([("false", 2), ("true", 2)], False, None)
    assert (_common(age), age["low"]) == ([("1", 1), ("old", 1)], None)


async def test_only_the_most_frequent_values_and_fields_are_told(v5: V5) -> None:
    """Eight values, then by code points; fields that most datapoints have, and that there are more."""
    points = [
        {"inputs": {f"k{number}-{n}": n for n in range(60)}, "metadata": {"word": word, "flag": number % 2 == 0}}
        for number, word in enumerate(["ä", "a", "B", "b", "Z", "\U0001f600", "\uffff", "z", "é", "é "])
    ]
    answer = await _fields(v5, points)
    assert (len(answer["rows"]), answer["more"]) == (200, True)
    flag, word = answer["rows"][-2:]
    assert (word["values_count"], word["datapoints_count"]) == (10, 10)
    assert [value for value, _ in _common(word)] == ["B", "Z", "a", "b", "z", "ä", "é", "é "]
    assert (flag["is_boolean"], flag["low"], _common(flag)) == (True, None, [("false", 5), ("true", 5)])


async def test_fields_follow_the_runs(v5: V5) -> None:
    """No dataset has no fields. A new version of the dataset counts once a run is over it; others stay out of it."""
    assert await _fields(v5) == {"rows": [], "datapoints_count": 0, "more": False}
    (evaluation,) = (await v5.ok("GET", "/review/evaluations"))["rows"]
    path = f"/review/evaluations/{evaluation['id']}/fields"
    dataset = await v5.ok("POST", "/datasets", {"path": "d", "datapoints": [{"inputs": {"a": 1}}]})
    await v5.run(evaluation, dataset={"version_id": dataset["version_id"]})
    later = {"path": "d", "action": "add", "datapoints": [{"inputs": {"a": 2, "b": 1}}]}
    version = await v5.ok("POST", "/datasets", later)
    (row,) = (await v5.ok("GET", path))["rows"]
    assert (row["key"], row["datapoints_count"], row["high"]) == ("a", 1, 1)
    await v5.run(evaluation, dataset={"version_id": version["version_id"]})
    assert [row["datapoints_count"] for row in (await v5.ok("GET", path))["rows"]] == [2, 1]
    await v5.refused(404, "GET", "/review/evaluations/evr_unknown/fields")
