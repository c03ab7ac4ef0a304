"""Calls of the v5 API in tests, and what most of them need to be there."""

from typing import Any, NamedTuple

import httpx

Json = dict[str, Any]


class V5:
    """Sends requests and checks their status, so that a test says only what it is about."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def send(self, method: str, path: str, body: Any = None, /, **query: Any) -> httpx.Response:
        """The answer, whatever its status."""
        return await self.client.request(method, f"/v5{path}", json=body, params=query or None)

    async def ok(self, method: str, path: str, body: Any = None, /, **query: Any) -> Any:
        """The content of an answer that must be a success."""
        response = await self.send(method, path, body, **query)
        assert response.is_success, (method, path, response.status_code, response.text)
        return response.json() if response.content else None

    async def refused(self, status: int, method: str, path: str, body: Any = None, /, **query: Any) -> str:
        """What an answer that must be an error says; of the list form of 422 the first sentence."""
        response = await self.send(method, path, body, **query)
        assert response.status_code == status, (method, path, response.status_code, response.text)
        detail = response.json()["detail"]
        if status != 422:
            assert isinstance(detail, str)
            return detail
        assert {"loc", "msg", "type"} <= set(detail[0])
        return str(detail[0]["msg"])

    async def prompt(self, path: str = "bots/support", **keys: Any) -> Json:
        """A prompt, or a version of it."""
        found: Json = await self.ok("POST", "/prompts", {"path": path, "model": "small", **keys})
        return found

    async def dataset(self, count: int = 3, path: str = "data/questions", **keys: Any) -> Json:
        """A dataset with so many datapoints, which its `datapoints` has."""
        points = [{"inputs": {"q": f"question {number}"}, "target": {"output": "x"}} for number in range(count)]
        body = {"path": path, "datapoints": points, **keys}
        found: Json = await self.ok("POST", "/datasets", body, include_datapoints=True)
        return found

    async def evaluator(
        self, path: str = "judges/score", return_type: str = "number", kind: str = "external", **keys: Any
    ) -> Json:
        """An evaluator, or a version of it."""
        spec = {"arguments_type": "target_free", "return_type": return_type, "evaluator_type": kind, **keys}
        if kind == "python":
            spec["code"] = "def judge(log):\n    return 1\n"
        found: Json = await self.ok("POST", "/evaluators", {"path": path, "spec": spec})
        return found

    async def evaluation(self, *evaluators: str, name: str | None = None, path: str = "bots/support") -> Json:
        """An evaluation of a file with evaluators at these paths."""
        body = {"name": name, "file": {"path": path}, "evaluators": [{"path": one} for one in evaluators]}
        found: Json = await self.ok("POST", "/evaluations", body)
        return found

    async def run(self, evaluation: Json, **keys: Any) -> Json:
        """A run that its caller fills, of the default prompt over the default dataset unless said otherwise."""
        body = {"dataset": {"path": "data/questions"}, "version": {"path": "bots/support"}, "orchestrated": False}
        found: Json = await self.ok("POST", f"/evaluations/{evaluation['id']}/runs", body | keys)
        return found

    async def log(self, run: Json | None = None, datapoint: Json | None = None, **keys: Any) -> str:
        """The id of a new log of the default prompt."""
        body: Json = {"path": "bots/support", "output": "fine", **keys}
        if run is not None:
            body["run_id"] = run["id"]
        if datapoint is not None:
            body |= {"source_datapoint_id": datapoint["id"], "inputs": datapoint["inputs"]}
        return str((await self.ok("POST", "/prompts/log", body))["id"])

    async def judge(self, log_id: str, judgment: Any, path: str = "judges/score", **keys: Any) -> str:
        """The id of a judgment of a log."""
        body = {"path": path, "parent_id": log_id, "judgment": judgment, **keys}
        return str((await self.ok("POST", "/evaluators/log", body))["id"])

    async def status(self, evaluation: Json, run: Json) -> str:
        """The status of a run."""
        runs = (await self.ok("GET", f"/evaluations/{evaluation['id']}/runs"))["runs"]
        return str(next(item["status"] for item in runs if item["id"] == run["id"]))


class Evaluated(NamedTuple):
    """A prompt, a dataset, an external number evaluator, and an evaluation of the prompt with one run."""

    prompt: Json
    dataset: Json
    evaluator: Json
    evaluation: Json
    run: Json


async def evaluated(v5: V5, count: int = 3) -> Evaluated:
    """Make what `Evaluated` has; the run has no logs yet."""
    prompt, dataset, evaluator = await v5.prompt(), await v5.dataset(count), await v5.evaluator()
    evaluation = await v5.evaluation("judges/score", name="first")
    return Evaluated(prompt, dataset, evaluator, evaluation, await v5.run(evaluation))
