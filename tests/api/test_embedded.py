"""The embedded API answers its first question without its framework, and its caller cannot tell."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.e2e.stdio import SAMPLE

from evals_mcp.api.app import create_app
from evals_mcp.api.embedded import EmbeddedApp
from evals_mcp.api.grants import OpenAccess, ReadOnly
from evals_mcp.store.store import Store, open_store

pytestmark = pytest.mark.anyio

OVERVIEW = "/v5/review/evaluations/overview"


class Made:
    """Makes the whole application, and counts."""

    def __init__(self, access: Any) -> None:
        self.times = 0
        self._access = access

    def __call__(self) -> Any:
        """The application."""
        self.times += 1
        return create_app(self._access, is_embedded=True)


@pytest.fixture
def store(sample_copy: Path) -> Iterator[Store]:
    """A store with the sample evaluation."""
    store = open_store(str(sample_copy))
    yield store
    store.close()


def _client(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://embedded")


@pytest.mark.parametrize("read_only", [False, True])
async def test_an_overview_is_answered_as_by_the_whole_api(store: Store, read_only: bool) -> None:
    """The same bytes and headers, also if the caller has it already; and nothing more is loaded for it."""
    access = ReadOnly(OpenAccess(store)) if read_only else OpenAccess(store)
    made = Made(access)
    async with _client(EmbeddedApp(access, made)) as first, _client(create_app(access, is_embedded=True)) as whole:
        token = (await whole.get(OVERVIEW, params={"word": SAMPLE})).json()["token"]
        for params in ({"word": SAMPLE}, {"word": SAMPLE, "known": token}, {"word": SAMPLE, "known": "old"}):
            answers = [await client.get(OVERVIEW, params=params) for client in (first, whole)]
            assert answers[0].content == answers[1].content
            assert answers[0].headers == answers[1].headers
            assert answers[0].status_code == answers[1].status_code == 200
        assert made.times == 0


@pytest.mark.parametrize(
    ("method", "path", "params"),
    [
        ("GET", OVERVIEW, {"word": "nothing of this name"}),
        ("GET", OVERVIEW, {}),
        ("GET", OVERVIEW, {"word": "a\x00b"}),
        ("GET", OVERVIEW, {"word": SAMPLE, "other": "x"}),
        ("POST", OVERVIEW, {"word": SAMPLE}),
        ("GET", "/v5/review/evaluations", {}),
        ("GET", "/v5/nowhere", {}),
    ],
)
async def test_all_else_is_answered_by_the_whole_api(
    store: Store, method: str, path: str, params: dict[str, str]
) -> None:
    """Errors, too; it is made once, and answers overviews from then on."""
    access = OpenAccess(store)
    made = Made(access)
    async with _client(EmbeddedApp(access, made)) as first, _client(create_app(access, is_embedded=True)) as whole:
        answers = [await client.request(method, path, params=params) for client in (first, whole)]
        assert answers[0].content == answers[1].content
        assert answers[0].headers == answers[1].headers
        assert answers[0].status_code == answers[1].status_code
        assert (await first.get(OVERVIEW, params={"word": SAMPLE})).status_code == 200
        assert made.times == 1
