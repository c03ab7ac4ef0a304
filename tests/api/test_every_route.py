"""Every route of the API, met over a socket on SQLite; tests/slow compares the answers on PostgreSQL with these."""

import httpx
import pytest
from tests.every_route import WITHOUT_DATA, Team, build, every_route, operations

pytestmark = pytest.mark.anyio

_RUNS = "/v5/evaluations/{id}/runs"
_DOCUMENTED = {
    ("GET", "/v5/evaluations"),
    ("POST", "/v5/evaluations"),
    ("POST", "/v5/evaluations/{id}/evaluators"),
    ("DELETE", "/v5/evaluations/{id}/evaluators/{evaluator_version_id}"),
    ("GET", "/v5/evaluations/{id}"),
    ("DELETE", "/v5/evaluations/{id}"),
    ("GET", _RUNS),
    ("POST", _RUNS),
    ("POST", _RUNS + "/{run_id}"),
    ("DELETE", _RUNS + "/{run_id}"),
    ("PATCH", _RUNS + "/{run_id}"),
    ("POST", _RUNS + "/{run_id}/logs"),
    ("GET", "/v5/evaluations/{id}/stats"),
    ("GET", "/v5/evaluations/{id}/logs"),
    ("GET", "/v4/evaluations/{id}"),
    ("GET", "/v4/evaluations/{id}/datapoints"),
    ("POST", "/v4/projects/{project_id}/evaluations"),
    ("POST", "/v4/evaluations/{evaluation_id}/log"),
    ("POST", "/v4/evaluations/{evaluation_id}/result"),
    ("PATCH", "/v4/evaluations/{id}/status"),
    ("PATCH", "/v4/evaluations/{id}/evaluators"),
    ("GET", "/v4/evaluations"),
}
"""The 14 evaluation endpoints of v5, and the 8 of v4."""


async def test_every_route_is_met(served_api: httpx.AsyncClient) -> None:
    """All that the application has, the documented ones among them, each with a request that it grants."""
    team = Team(served_api)
    met = set()
    for step in every_route(await build(team)):
        answer = await team.send(step)
        assert answer.is_success or step.template in WITHOUT_DATA, (step, answer.text)
        met.add((step.method, step.template))
    assert len(_DOCUMENTED) == 14 + 8
    assert _DOCUMENTED - met == set()
    assert operations() - met == set()
