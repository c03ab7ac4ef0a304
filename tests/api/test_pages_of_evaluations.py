"""Pages of the list of evaluations, from an offset or after an evaluation of the page before."""

import pytest
from tests.api.v5_calls import V5

pytestmark = pytest.mark.anyio
PATH = "/review/evaluations"


async def test_a_page_begins_after_an_evaluation_that_was_removed(v5: V5) -> None:
    """Nothing is passed over, and the offset tells what is before the page now."""
    await v5.prompt()
    made = [(await v5.evaluation(name=f"E{number}"))["id"] for number in range(6)]
    first = await v5.ok("GET", PATH, limit=3)
    assert [row["id"] for row in first["rows"]] == made[:2:-1]
    assert first["offset"] == 0
    await v5.ok("DELETE", f"/evaluations/{made[3]}")
    second = await v5.ok("GET", PATH, limit=2, following=first["after"][-1])
    assert [row["id"] for row in second["rows"]] == made[2:0:-1]
    assert (second["offset"], second["total"]) == (2, 5)
    changed = await v5.ok("GET", PATH, limit=3, following=second["after"][-1])
    assert [row["id"] for row in changed["rows"]] == made[:1]
    by_offset = await v5.ok("GET", PATH, limit=3, offset=4)
    assert [row["id"] for row in by_offset["rows"]] == made[:1]


@pytest.mark.parametrize("following", [[1], [1, 2, 3], [-1, 0], [2**60, 0], ["x", 0]])
async def test_what_is_no_place_in_the_list_is_refused(v5: V5, following: list[object]) -> None:
    """With the argument's name."""
    refused = await v5.send("GET", PATH, following=following)
    assert refused.status_code == 422
    assert "following" in refused.text
