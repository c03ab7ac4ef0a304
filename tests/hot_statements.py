"""What a team asks and writes all day, and the plans by which a database answers each of its statements."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx
from sqlalchemy import event
from tests.assistant import Assistant, connect_assistant

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess
from evals_mcp.client.client import EvalsClient
from evals_mcp.store.store import Store

_LONG_LIST = 100
LARGE = ("logs", "run_logs", "judgments", "journal", "journal_names")
"""The tables that grow with every log, and with every write."""


class Access(NamedTuple):
    """How a plan reads one of the large tables: by an index `condition` or not, and how many rows it expects in all.

    `limited`: rows are read in order until a page is full. `left_out`: what decides about a row after it was read.
    """

    table: str
    how: str
    condition: str
    rows: float
    limited: bool
    left_out: str = ""


class Planned(NamedTuple):
    """A statement of a call, and how it reads the large tables."""

    call: str
    statement: str
    accesses: list[Access]


class Plans:
    """Notes the plan of each statement, once, while calls are made."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: set[str] = set()
        self._is_asking = False
        self.call = ""
        self.found: list[Planned] = []

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note the statements of the store's connections."""
        engine = self._store.database.engine
        event.listen(engine, "before_cursor_execute", self._note)
        yield
        event.remove(engine, "before_cursor_execute", self._note)

    def _note(self, connection: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        if statement in self._seen or not re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", statement):
            return
        self._seen.add(statement)
        first = parameters[0] if rest[-1] and isinstance(parameters, list) else parameters
        asking = cursor.connection.cursor()
        try:
            if self._store.database.is_sqlite:
                rows = asking.execute("EXPLAIN QUERY PLAN " + statement, first).fetchall()
                accesses = _of_sqlite(statement, [str(row[3]) for row in rows])
            else:
                # A small table would rather be scanned, and merged with a long list of keys; a short journal with logs.
                asking.execute("SET LOCAL enable_seqscan = off")
                is_long = len(first) > _LONG_LIST or "journal JOIN" in statement
                for join in ("mergejoin", "hashjoin"):
                    asking.execute(f"SET LOCAL enable_{join} = {'off' if is_long else 'on'}")
                asking.execute("EXPLAIN (FORMAT JSON) " + statement, first)
                (plan,) = asking.fetchone()
                plan = plan if isinstance(plan, list) else json.loads(plan)
                accesses = list(_of_postgresql(plan[0]["Plan"], 1.0, limited=False))
        finally:
            asking.close()
        self.found.append(Planned(self.call, statement, accesses))


def _of_postgresql(node: dict[str, Any], loops: float, *, limited: bool) -> Iterator[Access]:
    kind = node["Node Type"]
    if node.get("Relation Name") in LARGE and kind != "ModifyTable":
        condition = str(node.get("Index Cond") or node.get("TID Cond") or "")
        if kind == "Bitmap Heap Scan":
            condition = str(node.get("Recheck Cond") or "")
        left_out = str(node.get("Filter") or "")
        yield Access(node["Relation Name"], kind, condition, node["Plan Rows"] * loops, limited, left_out)
    parts = node.get("Plans", [])
    # What hides between a limit and its rows would have to read them all.
    passes = kind in ("Limit", "Nested Loop", "Index Scan", "Index Only Scan", "Subquery Scan", "Append", "Result")
    for at, part in enumerate(parts):
        times = loops
        if kind == "Nested Loop" and at == 1:
            times = loops * max(1.0, parts[0]["Plan Rows"])
        yield from _of_postgresql(part, times, limited=passes and (limited or kind == "Limit"))


def _of_sqlite(statement: str, details: list[str]) -> list[Access]:
    aliases = {alias: table for table, alias in re.findall(r"(\w+) AS (\w+)", statement)}
    limited = bool(re.search(r"\bLIMIT\b", statement))
    found = []
    for detail in details:
        if match := re.match(r"(SCAN|SEARCH) (\w+)(.*)", detail):
            table = aliases.get(match[2], match[2])
            if table in LARGE:
                condition = match[3] if match[1] == "SEARCH" else ""
                asked = re.findall(rf"\b{match[2]}\.(\w+) (?:=|<|>|IN|IS)", statement)
                left_out = " ".join(name for name in asked if not re.search(rf"\b{name}\b", condition))
                found.append(Access(table, detail, condition, 0, limited, left_out))
    return found


class Named(NamedTuple):
    """What the calls name: an evaluation of `big_database`, a run of it with its version, and the ids around them."""

    evaluation: str
    run: str
    version: str
    file: str
    datapoint: str
    judge: str
    judge_version: str


async def make_calls(store: Store, plans: Plans, ids: Named) -> None:
    """All calls, with their plans noted; some write into the evaluation."""
    app = create_app(OpenAccess(store), is_embedded=True)
    with plans.noted():
        async with connect_assistant(EvalsClient(open_app=lambda: app)) as assistant:
            await _ask_tools(assistant, plans, ids.evaluation)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://embedded") as http:
            await _read_pages(http, plans, ids)
            await _write(http, plans, ids)


async def _ask_tools(assistant: Assistant, plans: Plans, evaluation: str) -> None:
    for tool, arguments in QUESTIONS:
        plans.call = f"{tool} {arguments}"
        about = {} if tool in ("list_evaluations", "undo") else {"evaluation": evaluation}
        answer = await assistant.ask(tool, **about, **arguments)
        assert answer


async def _read_pages(http: httpx.AsyncClient, plans: Plans, ids: Named) -> None:
    logs, judged = f"/v5/evaluations/{ids.evaluation}/logs", f"/v5/logs?file_id={ids.judge}"
    v4 = f"/v4/evaluations/{ids.evaluation}"
    for path in (
        "/v5/files",
        f"/v5/evaluations?file_id={ids.file}",
        f"/v5/evaluations/{ids.evaluation}",
        f"/v5/evaluations/{ids.evaluation}/stats",
        f"/v5/evaluations/{ids.evaluation}/runs",
        f"{logs}?size=50",
        f"{logs}?size=50&page=5&run_id={ids.run}",
        f"/v5/logs?file_id={ids.file}&size=50",
        f"/v5/logs?file_id={ids.file}&size=50&page=4&version_id={ids.version}",
        judged,
        f"/v5/prompts/{ids.file}/versions",
        f"{v4}/datapoints?evaluatee_id={ids.run}",
        "/v5/journal",
        f"/v5/journal?evaluation={ids.evaluation}",
    ):
        plans.call = f"GET {path}"
        response = await http.get(path)
        assert response.is_success, (path, response.text)


async def _write(http: httpx.AsyncClient, plans: Plans, ids: Named) -> None:
    text = {"output": "Yes.", "inputs": {"question": "Is it covered?"}, "output_tokens": 3, "provider_latency": 1.0}
    place = {"id": ids.file, "run_id": ids.run, "source_datapoint_id": ids.datapoint}
    posted: list[dict[str, Any]] = []
    bodies: list[tuple[str, str, dict[str, Any]]] = [
        ("log into a run", f"/v5/prompts/log?version_id={ids.version}", {**place, **text}),
        ("log", f"/v5/prompts/log?version_id={ids.version}", {"id": ids.file, "log_id": "log_mine", **text}),
        ("the same log", f"/v5/prompts/log?version_id={ids.version}", {"id": ids.file, "log_id": "log_mine", **text}),
        ("waiting run", f"/v5/prompts/log?version_id={ids.version}", {**place, "run_id": None, **text}),
        ("judgment", f"/v5/evaluators/log?version_id={ids.judge_version}", {"id": ids.judge, "judgment": True}),
        ("add logs", f"/v5/evaluations/{ids.evaluation}/runs/{ids.run}/logs", {"log_ids": ["log_mine"]}),
    ]
    for name, path, body in bodies:
        plans.call = name
        about = {"parent_id": posted[0]["id"]} if name == "judgment" else {}
        response = await http.post(path, json={**body, **about})
        assert response.is_success, (name, response.text)
        posted.append(response.json())
    changes: list[tuple[str, str, dict[str, Any] | None]] = [
        ("PATCH", f"/v5/prompts/{ids.file}/log/{posted[0]['id']}", {"output": "No."}),
        ("GET", f"/v5/logs/{posted[0]['id']}", None),
        ("DELETE", f"/v5/logs?id={posted[0]['id']}", None),
        ("DELETE", "/v5/logs?id=log_mine", None),
    ]
    for method, path, change in changes:
        plans.call = f"{method} {path}"
        response = await http.request(method, path, json=change)
        assert response.is_success, (path, response.text)


QUESTIONS: list[tuple[str, dict[str, Any]]] = [
    ("list_evaluations", {}),
    ("list_evaluations", {"text": "evaluation 1"}),
    ("list_runs", {}),
    *(("list_runs", {"show": show}) for show in ("failures", "agreement", "repeats", "ranking", "relations")),
    ("compare_runs", {"candidates": ["v1"]}),
    ("compare_runs", {}),
    ("compare_runs", {"group_by": "metadata.category"}),
    ("get_logs", {}),
    *(("get_logs", {"sort": sort}) for sort in ("worst", "latency", "cost", "length")),
    ("get_logs", {"sort": "worst", "runs": ["v1"], "evaluator": "correct"}),
    *(("get_logs", {"where": [where]}) for where in ("judgment=false", "judgment<3", "judgment=missing", "error=true")),
    ("get_logs", {"where": ["judgment=false"], "sort": "cost"}),
    ("get_logs", {"where": ["correct=false", "quality<3"], "sort": "latency"}),
    ("get_logs", {"where": ["correct=missing"], "sort": "length"}),
    ("get_logs", {"where": ["passes=v1", "fails=v0"]}),
    ("get_logs", {"where": ["latency>2", "output~network"]}),
    ("get_logs", {"where": ["explanation~plan"]}),
    ("get_logs", {"where": ["text~zanzibar"]}),
    ("get_logs", {"where": ["metadata.category=c1"]}),
    ("get_logs", {"sample": True, "evaluator": "quality"}),
    ("list_datapoints", {}),
    *(("list_datapoints", {"show": show}) for show in ("disagreement", "all_fail", "failed", "missing")),
    ("list_datapoints", {"where": ["metadata.length>90"]}),
    ("list_datapoints", {"where": ["correct=false", "latency>2"]}),
    ("list_datapoints", {"where": ["correct=missing"]}),
    ("next_to_review", {"reviewer": "ann"}),
    ("undo", {}),
]
