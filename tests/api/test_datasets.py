"""Datasets: versions made of datapoints."""

import httpx
import pytest
from tests.api.v5_calls import V5, Json

pytestmark = pytest.mark.anyio


def _points(*numbers: int) -> list[Json]:
    return [{"inputs": {"q": str(number)}} for number in numbers]


async def _upsert(v5: V5, action: str | None, *numbers: int, **query: str) -> tuple[str, list[str]]:
    """The version and the inputs that it has."""
    body = {"path": "d", "datapoints": _points(*numbers), "action": action}
    found = await v5.ok("POST", "/datasets", body, include_datapoints=True, **query)
    return found["version_id"], [point["inputs"]["q"] for point in found["datapoints"]]


async def test_actions_set_add_and_remove(v5: V5) -> None:
    """Adding and removing begin with the newest version, not with the default one."""
    first, _ = await _upsert(v5, None, 1, 2)
    added, points = await _upsert(v5, "add", 2, 3)
    assert points == ["1", "2", "3"]
    removed, points = await _upsert(v5, "remove", 1, 9)
    assert points == ["2", "3"]
    assert len({first, added, removed}) == 3
    assert await _upsert(v5, "set", 2, 1) == (first, ["1", "2"])
    assert await _upsert(v5, "add") == (removed, ["2", "3"])
    assert await _upsert(v5, "add", 7, version_id=first) != (first, ["1", "2"])
    assert (await _upsert(v5, "remove", 2, environment="production"))[1] == ["1"]


async def test_adding_nothing_to_a_new_path_makes_an_empty_dataset(v5: V5) -> None:
    """The SDK finds datasets by path this way."""
    made = await v5.ok("POST", "/datasets", {"path": "new", "datapoints": [], "action": "add"})
    assert made["datapoints_count"] == 0
    again = await v5.ok("POST", "/datasets", {"path": "new", "datapoints": [], "action": "add"})
    assert again["version_id"] == made["version_id"]


async def test_a_datapoint_keeps_its_id(v5: V5) -> None:
    """It follows the content; an equal one is the same, and inputs are never null."""
    point = {
        "inputs": {"q": "1"},
        "messages": [{"role": "user", "content": "x"}],
        "target": {"a": [1, None, {"b": 2.5}]},
    }
    first = await v5.ok(
        "POST", "/datasets", {"path": "d", "datapoints": [point, point, {"inputs": None}, {}]}, include_datapoints=True
    )
    assert first["datapoints_count"] == 2
    shown, empty = first["datapoints"]
    assert (shown["inputs"], shown["target"], empty["inputs"]) == (point["inputs"], point["target"], {})
    assert shown["messages"][0]["content"] == "x"
    second = await v5.ok(
        "POST", "/datasets", {"path": "d", "datapoints": [{"inputs": {"n": "2"}}, point]}, include_datapoints=True
    )
    assert second["datapoints"][1]["id"] == shown["id"]


async def test_datapoints_are_listed_in_pages(v5: V5) -> None:
    """In their order, 50 on a page unless asked otherwise."""
    dataset = await v5.dataset(60)
    place = f"/datasets/{dataset['id']}/datapoints"
    page = await v5.ok("GET", place)
    assert (len(page["records"]), page["size"], page["total"]) == (50, 50, 60)
    pages = [await v5.ok("GET", place, page=number, size=25) for number in (1, 2, 3, 4)]
    assert [item for one in pages for item in one["records"]] == dataset["datapoints"]
    assert (await v5.ok("GET", place, version_id=dataset["version_id"], size=1000))["records"] == dataset["datapoints"]
    await v5.refused(404, "GET", place, version_id="dsv_nothing")
    await v5.refused(404, "GET", "/datasets/ds_nothing/datapoints")


async def test_datapoints_come_only_if_asked_for(v5: V5) -> None:
    """With one version and with all versions."""
    dataset = await v5.dataset()
    place = f"/datasets/{dataset['id']}"
    assert (await v5.ok("GET", place))["datapoints"] is None
    assert len((await v5.ok("GET", place, include_datapoints=True))["datapoints"]) == 3
    assert (await v5.ok("GET", f"{place}/versions"))["records"][0]["datapoints"] is None
    versions = await v5.ok("GET", f"{place}/versions", include_datapoints=True)
    assert len(versions["records"][0]["datapoints"]) == 3


@pytest.mark.parametrize(
    "body",
    [
        {"path": "d"},
        {"path": "d", "datapoints": None},
        {"path": "d", "datapoints": [1]},
        {"path": "d", "datapoints": [{"inputs": "x"}]},
        {"path": "d", "datapoints": [{"messages": [{"role": "king"}]}]},
        {"path": "d", "datapoints": [], "action": "subtract"},
    ],
)
async def test_bad_datasets_are_refused(v5: V5, body: Json) -> None:
    """Missing keys, wrong types, unknown roles and actions."""
    await v5.refused(422, "POST", "/datasets", body)
    assert (await v5.ok("GET", "/datasets"))["total"] == 0


async def _upload(api: httpx.AsyncClient, dataset: Json, content: bytes, **fields: str) -> httpx.Response:
    place = f"/v5/datasets/{dataset['id']}/datapoints/csv"
    return await api.post(place, files={"file": ("data.csv", content, "text/csv")}, data=fields)


async def test_rows_of_a_csv_file_are_added(api: httpx.AsyncClient, v5: V5) -> None:
    """To the default version, not to the newest; the new one may be named."""
    dataset = await v5.dataset(2)
    await v5.ok("POST", "/datasets", {"path": "data/questions", "datapoints": _points(1, 2, 3), "action": "set"})
    response = await _upload(api, dataset, b"q,target.output\r\nwhy?,so\r\nhow?,\r\n", version_name="more")
    assert response.status_code == 200, response.text
    assert (response.json()["datapoints_count"], response.json()["version_name"]) == (4, "more")
    page = await v5.ok("GET", f"/datasets/{dataset['id']}/datapoints", version_id=response.json()["version_id"])
    added = [(point["inputs"], point["target"]) for point in page["records"][2:]]
    assert added == [({"q": "why?"}, {"output": "so"}), ({"q": "how?"}, None)]
    assert (await _upload(api, dataset, b"q\nagain\n", version_name="more")).status_code == 409


async def test_an_upload_may_forget_to_name_its_boundary(api: httpx.AsyncClient, v5: V5) -> None:
    """The official SDK does."""
    dataset = await v5.dataset(1)
    place = f"/v5/datasets/{dataset['id']}/datapoints/csv"
    headers = {"content-type": "multipart/form-data"}
    response = await api.post(place, files={"file": ("data.csv", b"q\nwhy?\n")}, headers=headers)
    assert response.status_code == 200, response.text
    assert response.json()["datapoints_count"] == 2


async def test_bad_uploads_are_refused(api: httpx.AsyncClient, v5: V5) -> None:
    """No file, no CSV, no such dataset or version."""
    dataset = await v5.dataset(1)
    place = f"/v5/datasets/{dataset['id']}/datapoints/csv"
    assert (await _upload(api, dataset, b"\xff")).status_code == 422
    assert (await _upload(api, dataset, b"q\n1,2\n")).status_code == 422
    assert (await _upload(api, dataset, b"q\n1\n", version_name="a\x00b")).status_code == 422
    assert (await api.post(place, data={"file": "text"})).status_code == 422
    assert (await api.post(place, content=b"x", headers={"content-type": "text/csv"})).status_code == 422
    assert (await api.post(place, content=b"x", headers={"content-type": "multipart/form-data"})).status_code == 422
    assert (await api.post(place)).status_code == 422
    assert (await _upload(api, {"id": "ds_nothing"}, b"q\n1\n")).status_code == 404
    files = {"file": ("data.csv", b"q\n1\n")}
    assert (await api.post(f"{place}?version_id=dsv_nothing", files=files)).status_code == 404
    assert len((await v5.ok("GET", f"/datasets/{dataset['id']}/versions"))["records"]) == 1


async def test_a_page_far_beyond_the_end_is_empty(v5: V5) -> None:
    """However far: its rows would be beyond what a database counts to."""
    made = await v5.dataset(2)
    for page in (2, 2**27 + 1, 2**31 - 1):
        found = await v5.ok("GET", f"/datasets/{made['id']}/datapoints", page=page, size=1000)
        assert (found["records"], found["total"]) == ([], 2)
