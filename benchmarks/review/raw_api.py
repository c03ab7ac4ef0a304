"""What the documented API would send for the same facts: the JSON of its pages, read in process."""

from collections.abc import Callable, Iterable
from typing import Any

import httpx
from benchmarks.review.questions import EVALUATIONS

from evals_mcp.wiring import open_embedded_app

_PAGE = 100
_COUNTED = 20_000  # characters of a page that are counted; the rest is taken to cost as much


class RawApi:
    """Counts the tokens of the answers of documented requests; each is asked once."""

    def __init__(self, client: httpx.AsyncClient, count: Callable[[str], int]) -> None:
        self._client = client
        self._count = count
        self._known: dict[str, int] = {}
        self._evaluations: dict[str, dict[str, Any]] = {}

    async def tokens(self, folder: str, names: Iterable[str]) -> int:
        """The tokens of all answers to these requests of a question."""
        evaluation = await self._evaluation(EVALUATIONS[folder])
        urls = [url for name in names for url in self._urls(evaluation, name)]
        return sum([await self._tokens(url) for url in dict.fromkeys(urls)])

    async def _evaluation(self, path: str) -> dict[str, Any]:
        if path not in self._evaluations:
            files = (await self._client.get("/v5/files", params={"size": 100})).json()["records"]
            (file_id,) = [item["id"] for item in files if item["path"] == path]
            listed = await self._client.get("/v5/evaluations", params={"file_id": file_id})
            (found,) = listed.json()["records"]
            runs = (await self._client.get(f"/v5/evaluations/{found['id']}/runs")).json()["runs"]
            self._evaluations[path] = {"id": found["id"], "file": file_id, "runs": runs}
        return self._evaluations[path]

    def _urls(self, evaluation: dict[str, Any], name: str) -> list[str]:
        base = f"/v5/evaluations/{evaluation['id']}"
        kind, _, label = name.partition(":")
        match kind:
            case "evaluations":
                return [f"/v5/evaluations?file_id={item['file']}" for item in self._evaluations.values()]
            case "runs" | "stats":
                return [f"{base}/{kind}"]
            case "log":
                return [f"/v5/logs/{label}"]
            case "datapoints":
                dataset = evaluation["runs"][0]["dataset"]
                return [f"/v5/datasets/{dataset['id']}/datapoints?size={_PAGE}&page={page}" for page in (1, 2)]
        runs = [run for run in evaluation["runs"] if not label or run["version"]["version_name"] == label]
        return [f"{base}/logs?run_id={run['id']}&size={_PAGE}&page={page}" for run in runs for page in (1, 2)]

    async def _tokens(self, url: str) -> int:
        if url not in self._known:
            answer = await self._client.get(url)
            answer.raise_for_status()
            counted = answer.text[:_COUNTED]
            self._known[url] = round(self._count(counted) * len(answer.text) / len(counted))
        return self._known[url]


def open_raw_api(database: str, count: Callable[[str], int]) -> RawApi:
    """The API over a database, asked in process."""
    transport = httpx.ASGITransport(app=open_embedded_app(database))
    return RawApi(httpx.AsyncClient(transport=transport, base_url="http://embedded", timeout=60), count)
