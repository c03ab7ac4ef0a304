"""Sequences of requests to v5 and v4, mixed as they come: what must hold after any of them, on both databases."""

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from tests.api.application import AccessOfTest, EmptiedStore
from tests.api.v5_calls import Json
from tests.raw_rows import raw_rows
from tests.recount import check_counts as check_kept_counts

from evals_mcp.api.grants import OpenAccess

_EXAMPLES = int(os.environ.get("EVALS_MCP_EXAMPLES", "0"))
_OPTIONS = ["a", "b", "c"]
_JUDGMENTS: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "number": st.integers(-5, 5) | st.sampled_from([0.25, 1e9]),
    "select": st.sampled_from(_OPTIONS),
    "multi_select": st.lists(st.sampled_from(_OPTIONS), unique=True),
    "text": st.sampled_from(["fine", ""]),
}
_KINDS = sorted(_JUDGMENTS)
_POINTS = [{"inputs": {"q": f"question {n}"}, "target": {"a": None if n % 2 else n}} for n in range(6)]
_number = st.integers(0, 30)


class Requests(RuleBasedStateMachine):
    """What a team does to its workspace, with a note of what it was answered."""

    client: httpx.Client
    emptied: EmptiedStore

    def __init__(self) -> None:
        super().__init__()
        self.store = self.emptied.empty()
        self.flows: dict[str, Json] = {}
        self.contents: dict[str, Json] = {}
        self.datasets: list[tuple[str, set[str]]] = []
        self.evaluations: list[str] = []
        self.runs: list[tuple[str, str, int]] = []
        self.logs: dict[str, Json] = {}
        self.judged: dict[tuple[str, str], dict[str, Json]] = defaultdict(dict)
        self.gone: set[str] = set()
        self.evaluators: dict[str, Json] = {}
        for kind in _KINDS:
            options = {"options": [{"name": name} for name in _OPTIONS]} if "select" in kind else {}
            spec = {"arguments_type": "target_free", "return_type": kind, "evaluator_type": "external", **options}
            self.evaluators[kind] = self.ok("POST", "/v5/evaluators", {"path": f"judges/{kind}", "spec": spec})
        self.flow = self.ok("POST", "/v5/flows", {"path": "bot", "attributes": {"first": None}})
        self.change_dataset("set", {0, 1})
        self.create_evaluation(set(_KINDS))
        self.create_run(0, existing=False, has_dataset=True)

    def send(self, method: str, path: str, body: Any = None, **query: Any) -> httpx.Response:
        """The answer, which is never a 5xx."""
        answer = self.client.request(method, path, json=body, params=query or None)
        assert answer.status_code < 500, (method, path, body, answer.text)
        return answer

    def ok(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """The content of an answer that must be a success."""
        answer = self.send(method, path, body, **query)
        assert answer.is_success, (method, path, body, answer.text)
        return answer.json() if answer.content else None

    @rule(note=st.sampled_from([None, 0, "x", [None], {"deep": None}]))
    def upsert_flow(self, note: Any) -> None:
        """The same content is the same version, and it is read back whole."""
        body = {"path": "bot", "attributes": {"note": note}}
        made = self.ok("POST", "/v5/flows", body)
        assert self.contents.setdefault(json.dumps(note), made["version_id"]) == made["version_id"]
        read = self.ok("GET", f"/v5/flows/{self.flow['id']}", version_id=made["version_id"])
        assert read["attributes"] == body["attributes"]
        assert self.ok("GET", f"/v5/flows/{self.flow['id']}")["version_id"] == self.flow["version_id"]

    @rule(action=st.sampled_from(["set", "add", "remove"]), chosen=st.sets(st.integers(0, 5), max_size=4))
    def change_dataset(self, action: str, chosen: set[int]) -> None:
        """The newest version is the base; the same datapoints are the same version."""
        body = {"path": "data", "action": action, "datapoints": [_POINTS[n] for n in sorted(chosen)]}
        made = self.ok("POST", "/v5/datasets", body, include_datapoints=True)
        given = {json.dumps(_POINTS[n]) for n in chosen}
        base = self.datasets[-1][1] if self.datasets else set()
        expected = {"set": given, "add": base | given, "remove": base - given}[action]
        points = [json.dumps({key: point[key] for key in ("inputs", "target")}) for point in made["datapoints"]]
        assert sorted(points) == sorted(expected)
        same = [version for version, held in self.datasets if held == expected]
        assert same in ([], [made["version_id"]])
        if not same:
            self.datasets.append((made["version_id"], expected))
        self.dataset = made

    @rule(kinds=st.sets(st.sampled_from(_KINDS)))
    def create_evaluation(self, kinds: set[str]) -> None:
        """In v5, of any evaluators."""
        body = {"file": {"path": "bot"}, "evaluators": [{"path": f"judges/{kind}"} for kind in sorted(kinds)]}
        self.evaluations.append(self.ok("POST", "/v5/evaluations", body)["id"])

    @rule(kinds=st.sets(st.sampled_from(["boolean", "number"]), min_size=1))
    def create_v4_evaluation(self, kinds: set[str]) -> None:
        """In v4 it is the run, too."""
        body = {
            "config_id": self.flow["version_id"],
            "dataset_id": self.dataset["id"],
            "evaluator_ids": [self.evaluators[kind]["id"] for kind in sorted(kinds)],
            "hl_generated": False,
        }
        made = self.ok("POST", f"/v4/projects/{self.flow['id']}/evaluations", body)["id"]
        self.ok("PATCH", f"/v4/evaluations/{made}/status", {"status": "running"})
        run = self.ok("GET", f"/v5/evaluations/{made}/runs")["runs"][0]
        self.evaluations.append(made)
        self.runs.append((made, run["id"], 4))

    @precondition(lambda self: self.evaluations)
    @rule(at=_number, kind=st.sampled_from(_KINDS), attach=st.booleans())
    def change_evaluators(self, at: int, kind: str, attach: bool) -> None:
        """One more, or one less."""
        evaluation = self.evaluations[at % len(self.evaluations)]
        version = self.evaluators[kind]["version_id"]
        place = f"/v5/evaluations/{evaluation}/evaluators"
        held = {item["version"]["version_id"] for item in self.ok("GET", f"/v5/evaluations/{evaluation}")["evaluators"]}
        if attach:
            self.ok("POST", place, {"evaluators": [{"version_id": version}]})
        elif version in held:
            self.ok("DELETE", f"{place}/{version}")

    @precondition(lambda self: self.evaluations)
    @rule(at=_number, existing=st.booleans(), has_dataset=st.booleans())
    def create_run(self, at: int, existing: bool, has_dataset: bool) -> None:
        """Its caller logs to it."""
        evaluation = self.evaluations[at % len(self.evaluations)]
        body: Json = {"version": {"path": "bot"}, "orchestrated": False}
        if has_dataset:
            body |= {"dataset": {"version_id": self.dataset["version_id"]}, "use_existing_logs": existing}
        made = self.ok("POST", f"/v5/evaluations/{evaluation}/runs", body)
        self.runs.append((evaluation, made["id"], 5))

    @rule(
        at=_number,
        point=_number,
        text=st.sampled_from(["", "\u00e9\U0001f600", "x" * 3000]),
        in_run=st.sampled_from([True, True, False]),
    )
    def log(self, at: int, point: int, text: str, in_run: bool) -> None:
        """To a run or to none, for a datapoint or for none; a cancelled run does not take it, and the log stays."""
        fields: Json = {"output": text, "inputs": {"q": None, "n": [point]}, "metadata": {"m": {"k": None}}}
        body: Json = {"path": "bot", **fields}
        points = self.dataset["datapoints"]
        if points and point % 3:
            fields["source_datapoint_id"] = points[point % len(points)]["id"]
        if self.runs and in_run:
            body["run_id"] = self.runs[at % len(self.runs)][1]
        made = self.ok("POST", "/v5/flows/log", body | fields)
        self.logs[made["id"]] = fields

    @precondition(lambda self: any(version == 4 for _, _, version in self.runs))
    @rule(at=_number, point=_number)
    def log_in_v4(self, at: int, point: int) -> None:
        """As v5 reads it then; it is refused where the datapoint is not the dataset's or the run is over."""
        runs = [run for run in self.runs if run[2] == 4]
        evaluation = runs[at % len(runs)][0]
        points = self.ok("GET", f"/v4/evaluations/{evaluation}/datapoints", size=100)["records"]
        if not points:
            return
        datapoint = points[point % len(points)]["datapoint"]["id"]
        body = {"datapoint_id": datapoint, "log": {"output": "from v4", "inputs": {"n": None}}}
        answer = self.send("POST", f"/v4/evaluations/{evaluation}/log", body)
        if answer.is_success:
            fields = {"output": "from v4", "inputs": {"n": None}, "source_datapoint_id": datapoint}
            self.logs[answer.json()["id"]] = fields

    @precondition(lambda self: self.logs)
    @rule(at=_number, kinds=st.sets(st.sampled_from(_KINDS), min_size=1), data=st.data())
    def judge(self, at: int, kinds: set[str], data: st.DataObject) -> None:
        """Once or again; the newest counts."""
        self._judge(sorted(self.logs)[at % len(self.logs)], kinds, data)

    @precondition(lambda self: self.runs)
    @rule(at=_number, point=_number, data=st.data())
    def log_judged(self, at: int, point: int, data: st.DataObject) -> None:
        """To a run, with what every evaluator says of it."""
        before = set(self.logs)
        self.log(at=at, point=point, text="judged", in_run=True)
        self._judge((set(self.logs) - before).pop(), set(_KINDS), data)

    def _judge(self, log_id: str, kinds: set[str], data: st.DataObject) -> None:
        for kind in sorted(kinds):
            said: Json = data.draw(
                _JUDGMENTS[kind].map(lambda value: {"judgment": value})
                | st.sampled_from([{"judgment": None}, {"error": "broken"}])
            )
            made = self.ok("POST", "/v5/evaluators/log", {"path": f"judges/{kind}", "parent_id": log_id, **said})
            self.judged[log_id, kind][made["id"]] = said

    @precondition(lambda self: self.logs and self.runs)
    @rule(at=_number, chosen=st.lists(_number, min_size=1, max_size=3))
    def add_logs(self, at: int, chosen: list[int]) -> None:
        """Those of a run already are not doubled."""
        evaluation, run, _ = self.runs[at % len(self.runs)]
        ids = [sorted(self.logs)[number % len(self.logs)] for number in chosen]
        if self.status(evaluation, run) != "cancelled":
            self.ok("POST", f"/v5/evaluations/{evaluation}/runs/{run}/logs", {"log_ids": ids})
            assert set(ids) <= set(self.log_ids(evaluation, run))

    @precondition(lambda self: self.runs)
    @rule(at=_number, status=st.sampled_from(["completed", "cancelled"]), control=st.sampled_from([None, True, False]))
    def update_run(self, at: int, status: str, control: bool | None) -> None:
        """At most one run of an evaluation is its control."""
        evaluation, run, _ = self.runs[at % len(self.runs)]
        place = f"/v5/evaluations/{evaluation}/runs/{run}"
        self.ok("PATCH", place, {"control": control})
        runs = self.ok("GET", f"/v5/evaluations/{evaluation}/runs")["runs"]
        assert sum(item["control"] for item in runs) <= 1
        allowed = self.status(evaluation, run) in ("pending", "running", status)
        assert self.send("PATCH", place, {"status": status}).status_code == (200 if allowed else 409)

    @precondition(lambda self: len(self.evaluations) > 1 and self.runs)
    @rule(at=_number, to=_number)
    def share_run(self, at: int, to: int) -> None:
        """A run may be in several evaluations, once in each."""
        _, run, _ = self.runs[at % len(self.runs)]
        evaluation = self.evaluations[to % len(self.evaluations)]
        if run not in {item for held, item, _ in self.runs if held == evaluation}:
            self.ok("POST", f"/v5/evaluations/{evaluation}/runs/{run}")
            self.runs.append((evaluation, run, 5))

    @precondition(lambda self: self.logs)
    @rule(at=_number, only_judgment=st.booleans())
    def delete_log(self, at: int, only_judgment: bool) -> None:
        """With what judged it."""
        log_id = sorted(self.logs)[at % len(self.logs)]
        of_log = {judgment: kind for kind in _KINDS for judgment in self.judged[log_id, kind]}
        if only_judgment and of_log:
            judgment = sorted(of_log)[at % len(of_log)]
            del self.judged[log_id, of_log[judgment]][judgment]
            self.ok("DELETE", "/v5/logs", id=judgment)
            self.gone.add(judgment)
            return
        self.ok("DELETE", "/v5/logs", id=log_id)
        del self.logs[log_id]
        self.gone |= {log_id, *of_log}
        for kind in _KINDS:
            del self.judged[log_id, kind]

    @precondition(lambda self: self.runs)
    @rule(at=_number)
    def remove_run(self, at: int) -> None:
        """Its logs stay; an evaluation of v4 keeps its run here, as it is nothing without it."""
        evaluation, run, version = self.runs[at % len(self.runs)]
        if version == 5 and not any(item[0] == evaluation and item[2] == 4 for item in self.runs):
            self.ok("DELETE", f"/v5/evaluations/{evaluation}/runs/{run}")
            self.runs.remove((evaluation, run, version))

    @precondition(lambda self: len(self.evaluations) > 2)
    @rule(at=_number)
    def delete_evaluation(self, at: int) -> None:
        """Runs and logs stay."""
        evaluation = self.evaluations.pop(at % len(self.evaluations))
        self.ok("DELETE", f"/v5/evaluations/{evaluation}")
        self.runs = [run for run in self.runs if run[0] != evaluation]
        self.gone.add(evaluation)

    @rule(at=_number)
    def refused(self, at: int) -> None:
        """A request that fails changes nothing."""
        evaluation = self.evaluations[at % len(self.evaluations)] if self.evaluations else "evr_none"
        log_id = sorted(self.logs)[at % len(self.logs)] if self.logs else "log_none"
        runs = f"/v5/evaluations/{evaluation}/runs"
        before = raw_rows(self.store.database)
        for method, path, body in (
            ("POST", "/v5/flows", {"attributes": {}}),
            ("POST", "/v5/prompts", {"path": "bot", "model": "m"}),
            ("POST", "/v5/datasets", {"path": "fresh/data", "datapoints": [{"inputs": {}}, {"inputs": 1}]}),
            ("POST", "/v5/evaluations", {"file": {"path": "bot"}, "evaluators": [{"path": "judges/none"}]}),
            ("POST", runs, {"dataset": {"path": "data"}, "version": {"version_id": "flv_none"}}),
            ("POST", f"{runs}/run_none/logs", {"log_ids": [log_id]}),
            ("POST", "/v5/flows/log", {"path": "fresh/bot", "flow": {"attributes": {}}, "run_id": "run_none"}),
            ("POST", "/v5/evaluators/log", {"path": "judges/number", "parent_id": log_id, "judgment": "much"}),
            ("POST", "/v5/evaluators/log", {"path": "judges/number", "parent_id": "log_none", "judgment": 1}),
            ("POST", f"/v4/evaluations/{evaluation}/log", {"datapoint_id": "dp_none", "log": {}}),
            ("DELETE", f"/v5/flows/{self.flow['id']}/versions/flv_none", None),
        ):
            answer = self.send(method, path, body)
            assert answer.status_code >= 400, (method, path, body, answer.text)
            assert "detail" in answer.json()
        assert raw_rows(self.store.database) == before

    def status(self, evaluation: str, run: str) -> str:
        """The status of a run."""
        runs = self.ok("GET", f"/v5/evaluations/{evaluation}/runs")["runs"]
        return str(next(item["status"] for item in runs if item["id"] == run))

    def log_ids(self, evaluation: str, run: str) -> list[str]:
        """The logs of a run."""
        records = self.ok("GET", f"/v5/evaluations/{evaluation}/logs", run_id=run, size=1000)["records"]
        return [record["log"]["id"] for record in records]

    def teardown(self) -> None:
        """What must hold after any sequence."""
        check_kept_counts(self.store)
        for log_id, fields in self.logs.items():
            read = self.ok("GET", f"/v5/logs/{log_id}")
            assert {key: read[key] for key in fields} == fields
        for gone in self.gone:
            place = "evaluations" if gone.startswith("evr_") else "logs"
            assert self.send("GET", f"/v5/{place}/{gone}").status_code == 404
        self._check_pages("/v5/logs", file_id=self.flow["id"])
        self._check_pages("/v5/evaluations", file_id=self.flow["id"])
        self._check_pages("/v5/files", sort_by="name")
        self._check_pages(f"/v5/datasets/{self.dataset['id']}/datapoints")
        self._check_pages("/v4/evaluations", project_id=self.flow["id"])
        for evaluation in self.evaluations:
            self._check_pages(f"/v5/evaluations/{evaluation}/logs")
            self._check_evaluation(evaluation)

    def _check_pages(self, place: str, **query: Any) -> None:
        """Pages of any size are the whole list cut up, in its order."""
        whole = self.ok("GET", place, page=1, size=1000, **query)
        for size in (1, 3):
            if len(whole["records"]) > 12 and size == 1:
                continue
            records: list[Json] = []
            for page in range(1, len(whole["records"]) // size + 2):
                found = self.ok("GET", place, page=page, size=size, **query)
                assert found["total"] == whole["total"] == len(whole["records"])
                records += found["records"]
            assert records == whole["records"], place

    def _check_evaluation(self, evaluation: str) -> None:
        """Statistics are a recount of the logs, and each of these is there once."""
        attached = self.ok("GET", f"/v5/evaluations/{evaluation}")["evaluators"]
        stats = self.ok("GET", f"/v5/evaluations/{evaluation}/stats")["run_stats"]
        runs = [item["id"] for item in self.ok("GET", f"/v5/evaluations/{evaluation}/runs")["runs"]]
        assert sorted(runs) == sorted(item["run_id"] for item in stats)
        assert set(runs) == {run for held, run, _ in self.runs if held == evaluation}
        for of_run in stats:
            ids = self.log_ids(evaluation, of_run["run_id"])
            assert len(ids) == len(set(ids)) == of_run["num_logs"]
            assert set(ids) <= set(self.logs)
            found = {item["evaluator_version_id"]: item for item in of_run["evaluator_stats"]}
            assert set(found) == {item["version"]["version_id"] for item in attached}
            for kind in _KINDS:
                version = self.evaluators[kind]["version_id"]
                if version in found:
                    newest = [list(self.judged[log, kind].values())[-1] for log in ids if self.judged[log, kind]]
                    _check_stats(kind, found[version], newest)


def _check_stats(kind: str, stats: Json, said: list[Json]) -> None:
    values = [item["judgment"] for item in said if item.get("judgment") is not None]
    errors = sum("error" in item for item in said)
    counts = (len(said), len(values), len(said) - len(values) - errors, errors)
    assert tuple(stats[f"{name}"] for name in ("total_logs", "num_judgments", "num_nulls", "num_errors")) == counts
    if kind == "boolean":
        assert (stats["num_true"], stats["num_false"]) == (values.count(True), values.count(False))
    if kind == "number":
        assert (stats["sum"] or 0) == pytest.approx(sum(values))
        assert stats["mean"] == (pytest.approx(sum(values) / len(values)) if values else 0)
    if "select" in kind:
        chosen = [name for value in values for name in (value if isinstance(value, list) else [value])]
        counted = {name: number for name, number in stats["num_judgments_per_option"].items() if number}
        assert counted == {name: chosen.count(name) for name in set(chosen)}


@pytest.fixture
def client(server: str) -> Iterator[httpx.Client]:
    """A client of the served application."""
    with httpx.Client(base_url=server, verify=False, timeout=240) as client:
        yield client


def test_sequences_of_requests_keep_what_must_hold(
    client: httpx.Client, access: AccessOfTest, emptied_store: EmptiedStore, examples: Callable[[int], int]
) -> None:
    """Nothing is lost, doubled or left over; every figure is a recount; a refusal changes nothing."""
    access.now = OpenAccess(emptied_store.store)
    machine = type("Requests", (Requests,), {"client": client, "emptied": emptied_store})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples(12),
            stateful_step_count=40,
            derandomize=not _EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink] if _EXAMPLES else [Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
