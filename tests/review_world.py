"""An evaluation to review, with a clock: two runs over datapoints of two kinds, a judge, and an evaluator of people."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete

from evals_mcp.lookup.scales import scale_of
from evals_mcp.models.datapoints import CreateDatapointRequest
from evals_mcp.models.questions import Filter
from evals_mcp.models.references import EvaluatorReference, Target
from evals_mcp.models.resolved import resolve
from evals_mcp.models.review_queue import ReviewAnswer, ReviewOrder, ReviewRequest
from evals_mcp.store.database.tables import review_items
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.logs.logs import LogTarget
from evals_mcp.store.store import Store

_SPEC = {"arguments_type": "target_free", "return_type": "boolean"}


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The time."""
        return self.now

    def wait(self, minutes: float) -> None:
        """Let time pass."""
        self.now += timedelta(minutes=minutes)


class ReviewWorld:
    """Runs whose logs the judge judged: `judged` has the judgments of each run, by datapoint, the control first.

    `logs` has the ids of the logs by run and datapoint, `judgments` what the judge says of each log.
    """

    def __init__(self, store: Store, clock: Clock, judged: Sequence[Sequence[bool]], name: str = "review") -> None:
        self.store = store
        self.clock = clock
        points = [
            CreateDatapointRequest(inputs={"q": f"{name} {number}", "kind": "ab"[number % 2]})
            for number in range(len(judged[0]))
        ]
        dataset = store.datasets.upsert(None, f"{name}/d", points, "set", None, FileChange(), include_datapoints=True)
        datapoints = [point.id for point in dataset.datapoints or []]
        self.judge, self.other, self.human = (
            self._evaluator(f"{name}/{kind}", kind) for kind in ("llm", "external", "human")
        )
        self.id = store.evaluations.create(
            name, None, [EvaluatorReference(version_id=id) for id in (self.judge, self.other, self.human)]
        ).id
        self.runs: list[str] = []
        self.labels: list[str] = []
        self.logs: list[list[str]] = []
        self.judgments: dict[str, bool] = {}
        for number, of_run in enumerate(judged):
            version = store.files.upsert("prompt", None, f"{name}/p", {"model": str(number)}, FileChange())
            run = store.runs.create(
                self.id,
                Target("version_id", dataset.version_id),
                Target("version_id", version.version_id),
                orchestrated=False,
                use_existing_logs=False,
            )
            self.runs.append(run.id)
            self.logs.append([])
            for datapoint_id, judgment in zip(datapoints, of_run, strict=True):
                fields = {"output": f"output {number}", "source_datapoint_id": datapoint_id}
                log = store.logs.create("prompt", LogTarget(version_id=version.version_id), fields, run.id)
                store.logs.create_judgment(LogTarget(version_id=self.judge), log.id, {"judgment": judgment})
                self.logs[-1].append(log.id)
                self.judgments[log.id] = judgment
        store.runs.update(self.id, self.runs[0], control=True, status=None)

    def _evaluator(self, path: str, kind: str) -> str:
        spec = {**_SPEC, "evaluator_type": kind, **({"prompt": {"model": "m"}} if kind == "llm" else {})}
        return self.store.files.upsert("evaluator", None, path, {"spec": spec}, FileChange()).version_id

    def start_again(self) -> None:
        """Forget all labels and hand-outs."""
        self.store.logs.delete(self.labels)
        self.labels.clear()
        with self.store.database.write() as connection:
            connection.execute(delete(review_items))

    @property
    def every_log(self) -> list[str]:
        """The ids of all logs."""
        return [log_id for of_run in self.logs for log_id in of_run]

    def next(
        self,
        reviewer: str,
        order: ReviewOrder = "auto",
        *,
        skip: bool = False,
        blind: bool = False,
        filter: Filter | None = None,
    ) -> ReviewAnswer:
        """Ask for the next log."""
        overview = self.store.overviews.get(self.id).overview
        assert overview is not None
        resolved = resolve(overview)
        scales = [scale_of(resolved, row, named=False) for row in resolved.evaluators]
        request = ReviewRequest(reviewer=reviewer, order=order, scales=scales, skip=skip, blind=blind)
        request.filter = filter or Filter()
        return self.store.review_queue.next(self.id, request)

    def label(self, log_id: str, judgment: bool | None = True, by: str = "ann") -> str:
        """Label a log as a person, as any route does."""
        outcome = {"judgment": judgment, "user": by}
        self.labels.append(self.store.logs.create_judgment(LogTarget(version_id=self.human), log_id, outcome).id)
        return self.labels[-1]

    def review(self, reviewer: str, amount: int, says: Callable[[str], bool], order: ReviewOrder = "auto") -> list[str]:
        """Label the next logs one after another; their ids."""
        found = []
        for _ in range(amount):
            item = self.next(reviewer, order).item
            assert item is not None
            self.label(item.log.id, says(item.log.id), reviewer)
            found.append(item.log.id)
        return found
