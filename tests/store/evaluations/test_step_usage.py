"""What the steps of a flow used reaches its runs, however the steps came and whatever happens to them."""

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import select
from tests.loaded_stores import OpenStore, empty_file, new_store

from evals_mcp.models.evaluation_document import LogRecord
from evals_mcp.models.questions import LogQuestion
from evals_mcp.models.references import Target
from evals_mcp.otel.traced_logs import TracedLog
from evals_mcp.store.bulk.bulk import Bulk
from evals_mcp.store.database.tables import logs, run_logs, runs
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.logs.logs import LogTarget
from evals_mcp.store.store import Store

__all__ = ["empty_file", "new_store"]

_CALL: dict[str, Any] = {
    "prompt_tokens": 10,
    "reasoning_tokens": 100,
    "output_tokens": 5,
    "prompt_cost": 0.25,
    "output_cost": 0.5,
}


class Flow:
    """A run of a flow with one log without tokens and costs, in an evaluation."""

    def __init__(self, store: Store) -> None:
        self.store = store
        flow = store.files.upsert("flow", None, "agent", {"attributes": {"n": 1}}, FileChange())
        self.flow = LogTarget(version_id=flow.version_id)
        prompt = store.files.upsert("prompt", None, "call", {"model": "small"}, FileChange())
        self.prompt = LogTarget(version_id=prompt.version_id)
        self.id = store.evaluations.create(None, Target("path", "agent"), []).id
        target = Target("version_id", flow.version_id)
        self.run = store.runs.create(self.id, None, target, orchestrated=False, use_existing_logs=False).id
        self.root = store.logs.create("flow", self.flow, {"output": "done"}, self.run).id

    def step(self, parent: str, **fields: Any) -> str:
        """Add a step; its id."""
        return self.store.logs.create("prompt", self.prompt, {"trace_parent_id": parent, **fields}).id

    def facts(self, run_id: str = "") -> tuple[int | None, float | None]:
        """The tokens and cost of the log in a run."""
        with self.store.database.read() as connection:
            columns = select(run_logs.c.tokens, run_logs.c.cost).join(logs, logs.c.number == run_logs.c.log_number)
            found = columns.where(logs.c.id == self.root, run_logs.c.run_id == (run_id or self.run))
            tokens, cost = connection.execute(found).one()
            return tokens, cost

    def revision(self) -> int:
        """The number of changes of the run."""
        with self.store.database.read() as connection:
            return int(connection.execute(select(runs.c.revision).where(runs.c.id == self.run)).scalar_one())


def by_requests(flow: Flow, parent: str) -> None:
    """Two calls, each sent as a log."""
    for _ in range(2):
        flow.step(parent, **_CALL)


def by_changes(flow: Flow, parent: str) -> None:
    """Two calls that tell what they used when they are done."""
    for _ in range(2):
        step = flow.step(parent, log_status="incomplete")
        flow.store.logs.update("prompt", step, _CALL)


def by_spans(flow: Flow, parent: str) -> None:
    """Two spans."""
    fields = {**_CALL, "trace_parent_id": parent}
    kernel = {"model": "small"}
    flow.store.traces.record([TracedLog("prompt", None, "call", kernel, fields, None, "t", f"s{n}") for n in range(2)])


def by_document(flow: Flow, parent: str) -> None:
    """Two records of a document."""
    version_id = str(flow.prompt.version_id)
    records = [
        LogRecord(id=f"log_{n}{parent}", version_id=version_id, trace_parent_id=parent, **_CALL) for n in range(2)
    ]
    Bulk(flow.store.database).load(enumerate(records))


@pytest.mark.parametrize("add_calls", [by_requests, by_changes, by_spans, by_document])
def test_the_steps_reach_the_run(new_store: OpenStore, add_calls: Callable[[Flow, str], None]) -> None:
    """Also steps of steps, and they change the run's revision, so that nothing older is answered."""
    with closing(new_store()) as store:
        flow = Flow(store)
        assert flow.facts() == (None, None)
        before = flow.revision()
        add_calls(flow, flow.step(flow.root, output="a tool"))
        assert flow.facts() == (230, 1.5)
        assert flow.revision() > before
        (row,) = store.log_questions.answer(flow.id, LogQuestion()).rows
        assert (row.prompt_tokens, row.reasoning_tokens, row.output_tokens, row.cost) == (20, 200, 10, 1.5)
        again = store.runs.create(
            flow.id, None, Target("version_id", flow.flow.version_id or ""), orchestrated=False, use_existing_logs=False
        ).id
        store.runs.add_logs(flow.id, again, [flow.root])
        assert flow.facts(again) == (230, 1.5)


def test_a_whole_trace_in_one_document_reaches_the_run(new_store: OpenStore) -> None:
    """The flow, its step and the step's call are new in the same batch."""
    with closing(new_store()) as store:
        flow = Flow(store)
        prompt, version = str(flow.prompt.version_id), str(flow.flow.version_id)
        records = [
            LogRecord(id="log_root", version_id=version, run_ids=[flow.run]),
            LogRecord(id="log_step", version_id=prompt, trace_parent_id="log_root"),
            LogRecord(id="log_call", version_id=prompt, trace_parent_id="log_step", **_CALL),
        ]
        Bulk(store.database).load(enumerate(records))
        flow.root = "log_root"
        assert flow.facts() == (115, 0.75)


def test_each_call_counts_once_and_only_if_it_is_whole(new_store: OpenStore) -> None:
    """A step that says what it used speaks for those below; a call without its cost makes the cost unknown."""
    with closing(new_store()) as store:
        flow = Flow(store)
        step = flow.step(flow.root, **_CALL)
        flow.step(step, **_CALL)
        assert flow.facts() == (115, 0.75)
        half = flow.step(flow.root, prompt_tokens=1, output_tokens=1, prompt_cost=0.5)
        assert flow.facts() == (117, None)
        store.logs.delete([half])
        assert flow.facts() == (115, 0.75)
        store.logs.update("prompt", step, {"reasoning_tokens": 0})
        assert flow.facts() == (15, 0.75)
        own = store.logs.create("flow", flow.flow, {**_CALL, "prompt_tokens": 1}, flow.run).id
        flow.step(own, **_CALL)
        flow.root = own
        assert flow.facts() == (106, 0.75)
