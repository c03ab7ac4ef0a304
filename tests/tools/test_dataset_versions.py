"""Datapoints of all dataset versions that the runs of an evaluation have."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.assistant import Assistant, connect_assistant, datapoint_ids
from tests.documented_only import documented_client, mirror_of
from tests.small_evaluations import SmallEvaluation, make_evaluation

from evals_mcp.client.client import EvalsClient
from evals_mcp.wiring import open_embedded_app

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """All tests share the evaluation, and so its loop."""
    return "asyncio"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The API over an empty database."""
    return open_embedded_app(str(tmp_path_factory.mktemp("versions") / "evals.db"))


@pytest.fixture(scope="module")
async def small(app: Any) -> SmallEvaluation:
    """Runs over q0 to q3, over q2 to q5, and again over q0 to q3, in which q1, q3 and q5 fail."""
    small = await make_evaluation(EvalsClient(open_app=lambda: app), good={"return_type": "boolean"})
    for name, first, last in (("old", 0, 3), ("new", 2, 5), ("again", 0, 3)):
        judged = [(f"q{at}", {"small/good": at not in (1, 3, 5)}) for at in range(first, last + 1)]
        await small.run(name, judged)
    return small


@pytest.fixture(scope="module", params=["rows", "documented"])
async def assistant(request: pytest.FixtureRequest, app: Any, small: SmallEvaluation) -> AsyncIterator[Assistant]:
    """The tools on our own rows, and on the documented routes alone."""
    remote = documented_client(app)
    mirror = None if request.param == "rows" else mirror_of(remote)
    async with connect_assistant(small.client if mirror is None else remote, mirror=mirror) as found:
        yield found


def _numbers(small: SmallEvaluation, answer: str) -> list[int]:
    """The listed questions, in order."""
    return [next(at for at in range(6) if small.datapoints[f"q{at}"].startswith(id)) for id in datapoint_ids(answer)]


async def test_datapoints_of_all_versions_are_listed_newest_version_first(
    assistant: Assistant, small: SmallEvaluation
) -> None:
    """Each once, on whichever pages, and the answer says of which runs they are."""
    answer = await assistant.ask("list_datapoints", evaluation="Small")
    assert _numbers(small, answer) == [2, 3, 4, 5, 0, 1]
    assert (
        "2 dataset versions: first that of new (4 datapoints), "
        "then datapoints only in that of old, again (4 datapoints)." in answer
    )
    pages = await assistant.all_pages("list_datapoints", evaluation="Small", limit=2)
    assert [at for page in pages for at in _numbers(small, page)] == [2, 3, 4, 5, 0, 1]


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ({"where": ["text~q5"]}, [5]),
        ({"where": ["text~q0"]}, [0]),
        ({"show": "all_fail"}, [3, 5, 1]),
        ({"show": "missing"}, []),
        ({"runs": ["new"]}, [2, 3, 4, 5]),
        ({"runs": ["old"], "show": "all_fail"}, [1, 3]),
    ],
)
async def test_filters_look_at_all_versions(
    assistant: Assistant, small: SmallEvaluation, asked: dict[str, Any], numbers: list[int]
) -> None:
    """Of the chosen runs. A run misses no datapoint that its version does not have."""
    answer = await assistant.ask("list_datapoints", evaluation="Small", **asked)
    assert _numbers(small, answer) == numbers
    assert ("Only the dataset versions of these runs are listed" in answer) == ("runs" in asked)
