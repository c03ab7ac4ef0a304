"""A store that random steps change, for tests that count again afterwards."""

from typing import Any

from hypothesis import strategies as st
from sqlalchemy import select

from evals_mcp.models.datapoints import CreateDatapointRequest
from evals_mcp.models.labels import LabelsRequest
from evals_mcp.models.references import EvaluatorReference, Target
from evals_mcp.models.set_ups import SetUpRequest
from evals_mcp.runner.refusals import RefusingRunner
from evals_mcp.store.database.tables import dataset_datapoints, logs, run_logs, runs
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.journal.entries import Act
from evals_mcp.store.logs.logs import LogTarget
from evals_mcp.store.store import Store

_SPEC = {"arguments_type": "target_free", "return_type": "number"}
_NEW_SPEC = {**_SPEC, "evaluator_type": "external"}
_number = st.integers(0, 20)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "log",
                "log",
                "log in run",
                "judge",
                "judge",
                "add logs",
                "delete",
                "update",
                "move",
                "attach",
                "new run",
                "seed run",
                "close",
            ]
        ),
        _number,
        _number,
        _number,
    ),
    min_size=3,
    max_size=25,
)


class World:
    """A store with two runs of a prompt, a dataset, and evaluators of each kind; steps change it.

    With `journaled`, each write that the journal knows has its entry, whose handle is added to `entries`.
    """

    def __init__(self, store: Store, *, journaled: bool = False) -> None:
        self.store = store
        self.journaled = journaled
        self.acts: list[Act] = []
        self.runner = RefusingRunner()
        points = [CreateDatapointRequest(inputs={"q": number}) for number in range(4)]
        dataset = store.datasets.upsert(None, "d", points, "set", None, FileChange(), include_datapoints=True)
        self.dataset = Target("version_id", dataset.version_id)
        stored = [point.id for point in dataset.datapoints or []]
        self.datapoints: list[str | None] = [*stored, "dp_elsewhere", None]
        prompts = [store.files.upsert("prompt", None, "p", {"model": str(n)}, FileChange()) for n in range(2)]
        self.prompts = [prompt.version_id for prompt in prompts]
        self.evaluators = [
            store.files.upsert(
                "evaluator",
                None,
                f"e{path}",
                {"spec": {**_SPEC, "evaluator_type": kind, "attributes": {"n": version}, "code": ""}},
                FileChange(),
            ).version_id
            for path, kind in enumerate(("external", "python"))
            for version in range(2)
        ]
        file = Target("path", "p")
        attached = [EvaluatorReference(version_id=self.evaluators[0])]
        self.evaluations = [store.evaluations.create(str(n), file, attached).id for n in range(2)]
        self.runs: list[tuple[str, str]] = []
        for number in range(2):
            self._new_run(number, number, existing=False)
        self.logs: list[str] = []
        self.judgments: list[str] = []

    def _new_run(self, evaluation: int, version: int, *, existing: bool, orchestrated: bool = False) -> None:
        evaluation_id = self.evaluations[evaluation % 2]
        run = self.store.runs.create(
            evaluation_id,
            self.dataset,
            Target("version_id", self.prompts[version % 2]),
            orchestrated=orchestrated,
            use_existing_logs=existing,
            act=self._act(),
        )
        self.runs.append((evaluation_id, run.id))
        self.runner.wake(self.store, [run.id])

    @property
    def entries(self) -> list[str]:
        """The handles of all entries, oldest first."""
        return [act.entry for act in self.acts if act.entry is not None]

    def _act(self) -> Act | None:
        if not self.journaled:
            return None
        self.acts.append(Act())
        return self.acts[-1]

    def step(self, kind: str, a: int, b: int, c: int) -> None:
        """Do one thing; what it would need and is not there makes it nothing."""
        if not self.runs:
            self._new_run(a, b, existing=False)
        run = self.runs[a % len(self.runs)]
        log_id = self.logs[b % len(self.logs)] if self.logs else None
        match kind:
            case "log" | "log in run":
                fields: dict[str, Any] = {"output": "x", "log_status": "incomplete" if c % 4 == 0 else "complete"}
                if self.datapoints[b % 6] is not None:
                    fields["source_datapoint_id"] = self.datapoints[b % 6]
                place = LogTarget(version_id=self.prompts[c % 2])
                made = self.store.logs.create(
                    "prompt", place, fields, run[1] if kind == "log in run" else None, self._act()
                )
                self.logs.append(made.id)
                self.runner.wake(self.store, made.run_ids)
            case "judge" if log_id:
                place = LogTarget(version_id=self.evaluators[a % 4])
                outcome: dict[str, Any] = {"judgment": c} if c % 3 else {"error": "broken"} if c % 2 else {}
                outcome |= {"user": ("ana", "ben")[c % 2]} if c > 2 else {}
                self.judgments.append(self.store.logs.create_judgment(place, log_id, outcome, act=self._act()).id)
            case "label":
                self._label(run[0], a, b, c)
            case "add logs" if self.logs and self._status(run) != "cancelled":
                self.store.runs.add_logs(*run, self.logs[b % len(self.logs) :][: c % 4 + 1], act=self._act())
                self.runner.wake(self.store, [run[1]])
            case "update" if log_id:
                status = "complete" if c % 3 else "incomplete"
                changed = self.store.logs.update(
                    "prompt", log_id, {"log_status": status, "output": str(c)}, act=self._act()
                )
                self.runner.wake(self.store, changed.run_ids)
            case "move" if log_id:
                self.store.logs.update(
                    "prompt", log_id, {"source_datapoint_id": self.datapoints[c % 5]}, act=self._act()
                )
            case "delete" if self.logs:
                mine = self.judgments if c % 2 and self.judgments else self.logs
                gone = mine.pop(b % len(mine))
                self.store.logs.delete([gone])
            case "attach":
                reference = EvaluatorReference(version_id=self.evaluators[b % 4])
                self.store.evaluations.add_evaluators(run[0], [reference], self._act())
                self.runner.wake(self.store, self.store.runs.ids(run[0]))
            case "new run" if len(self.runs) < 5:
                self._new_run(a, b, existing=False, orchestrated=c % 2 == 0)
            case "seed run" if len(self.runs) < 5:
                self._new_run(a, b, existing=True)
            case "close" if self._status(run) in ("pending", "running"):
                self.store.runs.update(
                    *run, control=None, status="completed" if c % 2 else "cancelled", act=self._act()
                )
            case "control":
                self.store.runs.update(*run, control=c % 2 == 0, status=None, act=self._act())
            case "outputs" if self._status(run) in ("running", "completed"):
                points = self._points(run[1])
                points = [*points[b % len(points) :], *points[: b % len(points)]][: c % 4 + 1]
                outputs = [(point, {"output": str(c)}) for point in points]
                logged = self.store.run_datapoints.log_outputs(*run, outputs, dry_run=False, act=self._act())
                self.logs += logged.ids
                self.runner.wake(self.store, [run[1]])
            case "set up":
                self._set_up(a, b, c)
            case "evaluation":
                self.store.evaluations.create(None, None, [], self._act())

    def _set_up(self, a: int, b: int, c: int) -> None:
        """A run with parts that exist and parts that may not."""
        request = SetUpRequest.model_validate(
            {
                "evaluation": (self.evaluations[a % 2], "new")[b % 2],
                "dataset": ("d", "new/d")[c % 2],
                "datapoints": [{"inputs": {"q": number}} for number in range(b % 3, b % 3 + 1 + c % 3)],
                "version": ("p", "new/p")[a % 2],
                "prompt": {"model": str(c)},
                "evaluators": [{"name": ("e0", "new/e")[b % 2]} | ({"spec": _NEW_SPEC} if b % 2 else {})],
            }
        )
        made = self.store.set_ups.set_up(request, self._act())
        assert made.run is not None
        if (made.evaluation.id, made.run.id) not in self.runs:
            self.runs.append((made.evaluation.id, made.run.id))
        self.runner.wake(self.store, [made.run.id])

    def _label(self, evaluation_id: str, a: int, b: int, c: int) -> None:
        """Label logs of an evaluation by one of two evaluators, with one of five options."""
        runs_of = {run_id for of, run_id in self.runs if of == evaluation_id}
        with self.store.database.read() as connection:
            joined = select(logs.c.id).join(run_logs, run_logs.c.log_number == logs.c.number)
            found = set(connection.execute(joined.where(run_logs.c.run_id.in_(runs_of))).scalars())
        mine = [log_id for log_id in self.logs if log_id in found][b % 3 :][: c % 3 + 1]
        if not mine:
            return
        options = ("late", "rude", "wrong", "short", "vague")
        request = {
            "evaluator": {"name": f"mode {a % 2}"},
            "labels": [{"log_id": log_id, "judgment": options[(c + at) % 5]} for at, log_id in enumerate(mine)],
            "kind": ("human", "assistant")[b % 2],
            "author": (None, "ana", "ben")[c % 3],
        }
        made = self.store.labels.label(evaluation_id, LabelsRequest.model_validate(request), act=self._act())
        self.judgments += [label.id for label in made.labels]

    def _points(self, run_id: str) -> list[str]:
        """The datapoints of a run."""
        of_run = runs.c.dataset_version_id == dataset_datapoints.c.version_id
        found = select(dataset_datapoints.c.datapoint_id).join(runs, of_run).where(runs.c.id == run_id)
        with self.store.database.read() as connection:
            return list(connection.execute(found.order_by(dataset_datapoints.c.position)).scalars())

    def _status(self, run: tuple[str, str]) -> str:
        evaluation_id, run_id = run
        return next(item.status for item in self.store.runs.all(evaluation_id) if item.id == run_id)

    def forget_gone(self) -> None:
        """Name only what is still there, after an undo."""
        with self.store.database.read() as connection:
            there = set(connection.execute(select(logs.c.id)).scalars())
            kept = set(connection.execute(select(runs.c.id)).scalars())
        self.logs = [log_id for log_id in self.logs if log_id in there]
        self.judgments = [log_id for log_id in self.judgments if log_id in there]
        self.runs = [run for run in self.runs if run[1] in kept]
