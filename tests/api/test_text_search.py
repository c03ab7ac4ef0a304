"""A text is found in any case and Unicode form by every route that searches."""

import pytest
from tests.api.v5_calls import V5, evaluated

pytestmark = pytest.mark.anyio
TEXT, SEARCHED = "Это Иван Петров, cafe\u0301.", "иван петров, CAFÉ"


async def test_a_text_in_another_case_is_found(v5: V5) -> None:
    """In the output, input and message of a log, in a datapoint, and in names."""
    parts = await evaluated(v5)
    dataset = await v5.ok("POST", "/datasets", {"path": "data/questions", "datapoints": [{"inputs": {"q": TEXT}}]})
    evaluation = await v5.evaluation("judges/score", name=TEXT)
    run = await v5.run(evaluation, dataset={"version_id": dataset["version_id"]})
    fields = {"output": TEXT}, {"inputs": {"q": TEXT}}, {"messages": [{"role": "user", "content": TEXT}]}
    ids = [await v5.log(run, **field) for field in fields]
    await v5.log(run)
    listed = await v5.ok("GET", "/logs", file_id=parts.prompt["id"], search=SEARCHED)
    assert {record["id"] for record in listed["records"]} == set(ids)

    path = f"/review/evaluations/{evaluation['id']}"
    asked = {"run_ids": [run["id"]], "text": SEARCHED}
    found = await v5.ok("POST", f"{path}/logs", {"filter": asked})
    assert [(row["id"], row["excerpt"]["text"]) for row in found["rows"]] == [(id, TEXT) for id in reversed(ids)]
    question = {"filter": asked, "dataset_version_id": dataset["version_id"]}
    found = await v5.ok("POST", f"{path}/datapoints", question)
    assert [row["excerpt"]["text"] for row in found["rows"]] == [TEXT]
    found = await v5.ok("GET", "/review/evaluations", text=SEARCHED)
    assert [row["id"] for row in found["rows"]] == [evaluation["id"]]


async def test_files_are_found_by_name_in_another_case(v5: V5) -> None:
    """In any script."""
    prompt = await v5.prompt("боты/Иван")
    found = await v5.ok("GET", "/files", name="иВаН")
    assert [record["id"] for record in found["records"]] == [prompt["id"]]
