"""Everything that an API says of the evaluations in it, with the ids of a document."""

import json
import re
from collections.abc import Mapping
from typing import Any

import httpx
from fastapi import FastAPI

_KINDS = ("prompt", "flow", "tool", "agent", "evaluator", "dataset")


async def read_answers(app: FastAPI, ids: Mapping[str, str]) -> dict[str, Any]:
    """The answers by path and body; `ids` has ids of the API that stand for ids of the document."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        return await _Reader(client, ids).read()


class _Reader:
    def __init__(self, client: httpx.AsyncClient, ids: Mapping[str, str]) -> None:
        self._client = client
        self._ids = ids
        self._answers: dict[str, Any] = {}

    async def read(self) -> dict[str, Any]:
        """Ask everything."""
        await self._get("/v5/files?size=100&sort_by=name")
        for kind in _KINDS:
            found = await self._get(f"/v5/{kind}s?size=100&sort_by=name")
            for file in found["records"]:
                await self._read_file(kind, file["id"])
        listed = await self._get("/v5/review/evaluations?limit=100")
        for evaluation in listed["rows"]:
            await self._read_evaluation(evaluation["id"])
        return self._answers

    async def _read_file(self, kind: str, file_id: str) -> None:
        points = "?include_datapoints=true" if kind == "dataset" else "?evaluator_aggregates=true"
        await self._get(f"/v5/{kind}s/{file_id}/versions{points}")
        if kind != "dataset":
            for query in ("", "&include_trace_children=true&include_parent=true"):
                logs = await self._get(f"/v5/logs?file_id={file_id}&size=100{query}")
            for log in logs["records"]:
                await self._get(f"/v5/logs/{log['id']}")
            await self._get(f"/v5/evaluations?file_id={file_id}")

    async def _read_evaluation(self, evaluation_id: str) -> None:
        path = f"/v5/evaluations/{evaluation_id}"
        runs = (await self._get(f"{path}/runs"))["runs"]
        for page in ("", "/stats", "/logs?size=100"):
            await self._get(path + page)
        for run in runs:
            await self._get(f"{path}/logs?size=2&run_id={run['id']}")
            await self._get(f"/v4/evaluations/{evaluation_id}/datapoints?evaluatee_id={run['id']}")
        overview = (await self._get(f"/v5/review/evaluations/overview?word={evaluation_id}"))["overview"]
        await self._ask_review(f"/v5/review{path.removeprefix('/v5')}", overview)

    async def _ask_review(self, review: str, overview: Any) -> None:
        versions = [evaluator["version_id"] for evaluator in overview["evaluators"]]
        every = {"limit": 100}  # which of equals are on a shorter page depends on the order in which they were written
        for sort in ("newest", "latency", "cost", "length"):
            await self._post(f"{review}/logs", {"sort": sort, **every})
        for version in versions:
            judged = {"evaluator_version_id": version}
            await self._post(f"{review}/logs", {**judged, "sort": "worst", **every})
            for state in ("judged", "abstained", "failed", "missing"):
                await self._post(f"{review}/logs", {"filter": {"judgment": {**judged, "state": state}}, **every})
        runs = overview["runs"]
        for dataset in {run["dataset_version_id"] for run in runs} - {None}:
            scales = [{"evaluator_version_id": version} for version in versions]
            for show in ("all", "disagreement", "all_fail", "failed", "abstained", "missing"):
                question = {"dataset_version_id": dataset, "show": show, "scales": scales}
                await self._post(f"{review}/datapoints", question)
        if len(runs) > 1:
            compared = {
                "baseline_run_id": runs[0]["id"],
                "candidate_run_ids": [run["id"] for run in runs[1:]],
                "evaluator_version_ids": versions,
            }
            await self._post(f"{review}/comparison", compared)

    async def _get(self, path: str) -> Any:
        return self._note(path, await self._client.get(path))

    async def _post(self, path: str, body: Any) -> Any:
        return self._note(f"{path} {json.dumps(body)}", await self._client.post(path, json=body))

    def _note(self, asked: str, answer: httpx.Response) -> Any:
        assert answer.status_code < 500, (asked, answer.text)
        text = re.sub(r"dir_\w{21}", "dir", answer.text)
        for id, given in self._ids.items():
            text, asked = text.replace(id, given), asked.replace(id, given)
            text = text.replace(_in_label(id), _in_label(given))
        content = json.loads(text)
        content.pop("token", None) if isinstance(content, dict) else None
        self._answers[asked] = (answer.status_code, content)
        return answer.json()


def _in_label(id: str) -> str:
    """The beginning of an id in a run's label, such as ` (Lz3t)`."""
    return f" ({id.partition('_')[2][:4]})"
