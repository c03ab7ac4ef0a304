"""An evaluation that is written to as it comes, and questions about it, for tests over random sequences of both."""

from itertools import count
from typing import Any

from hypothesis import strategies as st

from evals_mcp.models.comparisons import Comparisons
from evals_mcp.models.conditions import EvaluatorScale, JudgmentCondition
from evals_mcp.models.datapoints import CreateDatapointRequest
from evals_mcp.models.questions import (
    ComparisonQuestion,
    DatapointQuestion,
    Filter,
    LogQuestion,
    Question,
)
from evals_mcp.models.references import EvaluatorReference, Target
from evals_mcp.models.rows import DatapointRows, LogRows, Overview
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.logs.logs import LogTarget
from evals_mcp.store.store import Store

TEXTS = ["Это Иван Петров.", "Straße 5", "cafe\u0301 ＡＢＣ", "plain", "PLAIN é", ""]
AUTHORS: tuple[dict[str, str], ...] = ({}, {"user": "ana"}, {"user": "ben"})
SEARCHED = ["иван", "STRASSE", "CAFÉ", "abc", "plain", "nothing"]
_OPTIONS = [{"name": "good", "valence": "positive"}, {"name": "bad", "valence": "negative"}, {"name": "odd"}]
_SPECS: list[dict[str, Any]] = [
    {"return_type": "boolean"},
    {"return_type": "boolean", "number_valence": "negative"},
    {"return_type": "number", "number_limits": {"min": 1, "max": 5}},
    {"return_type": "number", "number_valence": "negative"},
    {"return_type": "select", "options": _OPTIONS},
    {"return_type": "multi_select", "options": _OPTIONS},
    {"return_type": "text"},
    # Two versions of one evaluator, of which at first one is attached.
    {"return_type": "number", "path": "twice", "attributes": {"version": 1}},
    {"return_type": "number", "path": "twice", "attributes": {"version": 2}},
]
_VALUES: dict[str, list[Any]] = {
    "boolean": [True, False],
    "number": [1, 2, 2.5, 4, 5],
    "select": ["good", "bad", "odd"],
    "multi_select": [[], ["good"], ["bad", "odd"], ["good", "odd"]],
    "text": ["fine", "bad"],
}
_numbers = count()

STEPS = (
    ["log"] * 5
    + ["judge"] * 10
    + ["delete", "update", "update", "new run", "attach", "detach", "rename", "move", "control", "cancel"]
)
steps = st.tuples(st.sampled_from(STEPS), *[st.integers(0, 60)] * 3)


class ChangingEvaluation:
    """An evaluation of two runs over four datapoints with evaluators of every kind, new in its store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.prefix = f"changing{next(_numbers)}"
        points = [CreateDatapointRequest(inputs={"q": text, "n": number}) for number, text in enumerate(TEXTS[:4])]
        dataset = store.datasets.upsert(
            None, f"{self.prefix}/data", points, "set", None, FileChange(), include_datapoints=True
        )
        self.dataset_version_id = dataset.version_id
        self.dataset_id = dataset.id
        self.datapoints: list[str | None] = [*(point.id for point in dataset.datapoints or []), None]
        self.evaluators = [self._evaluator(number, dict(spec)) for number, spec in enumerate(_SPECS)]
        prompt = store.files.upsert("prompt", None, f"{self.prefix}/prompt", {"model": "small"}, FileChange())
        self.prompt_id, self.prompt = prompt.id, prompt.version_id
        attached = [EvaluatorReference(version_id=version_id) for version_id in self.evaluators[:-1]]
        self.id = store.evaluations.create(None, Target("path", f"{self.prefix}/prompt"), attached).id
        self.runs: list[str] = []
        self.logs: list[str] = []
        for _ in range(2):
            self.step("new run", 0, 0, 0)

    def _evaluator(self, number: int, spec: dict[str, Any]) -> str:
        path = spec.pop("path", f"judge{number}")
        content = {"spec": {"arguments_type": "target_free", "evaluator_type": "external", **spec}}
        return self.store.files.upsert("evaluator", None, f"{self.prefix}/{path}", content, FileChange()).version_id

    def step(self, kind: str, a: int, b: int, c: int) -> None:
        """Do one thing; what it would need and is not there makes it nothing."""
        store = self.store
        run_id = self.runs[a % len(self.runs)] if self.runs else None
        match kind:
            case "log" if run_id is not None:
                fields: dict[str, Any] = {"inputs": {"q": TEXTS[b % 6]}, "output": TEXTS[c % 6], "provider_latency": a}
                if c % 5 == 0:
                    fields = {"error": TEXTS[c % 6], "prompt_cost": b / 10}
                if self.datapoints[b % 5] is not None:
                    fields["source_datapoint_id"] = self.datapoints[b % 5]
                target = LogTarget(version_id=self.prompt)
                self.logs.append(store.logs.create("prompt", target, fields, run_id).id)
            case "judge" if self.logs:
                number = a % len(self.evaluators)
                values = _VALUES[_SPECS[number]["return_type"]]
                outcome = (
                    {"error": "broken"} if c % 9 == 8 else {} if c % 9 == 7 else {"judgment": values[c % len(values)]}
                )
                target = LogTarget(version_id=self.evaluators[number])
                outcome |= {"output": TEXTS[b % 6], **AUTHORS[c % 3]}
                store.logs.create_judgment(target, self.logs[b % len(self.logs)], outcome)
            case "delete" if self.logs:
                store.logs.delete([self.logs.pop(b % len(self.logs))])
            case "update" if self.logs:
                changes = {"output": TEXTS[c % 6]}, {"error": TEXTS[c % 6] or None}, {"inputs": {"q": TEXTS[c % 6]}}
                store.logs.update("prompt", self.logs[b % len(self.logs)], changes[a % 3])
            case "new run" if len(self.runs) < 4:
                dataset = Target("version_id", self.dataset_version_id) if b % 4 < 3 else None
                version, seeded = Target("version_id", self.prompt), dataset is not None and c % 2 == 1
                run = store.runs.create(self.id, dataset, version, orchestrated=False, use_existing_logs=seeded)
                self.runs.append(run.id)
            case "attach":
                store.evaluations.add_evaluators(self.id, [EvaluatorReference(version_id=self.evaluators[a % 9])])
            case "detach" if len(attached := self._overview().evaluators) > 1:
                store.evaluations.remove_evaluator(self.id, attached[a % len(attached)].version_id)
            case "rename":
                store.files.update_version("prompt", self.prompt_id, self.prompt, f"name {a}", None)
            case "move":
                store.files.move("dataset", self.dataset_id, f"{self.prefix}/data{a}", None, None)
            case "control" if run_id is not None:
                store.runs.update(self.id, run_id, control=a % 2 == 0, status=None)
            case "cancel" if run_id is not None and len(self.runs) > 2:
                store.runs.update(self.id, self.runs.pop(), control=None, status="cancelled")

    def _overview(self) -> Overview:
        overview = Store(self.store.database).overviews.get(self.id).overview
        assert overview is not None
        return overview


def answer(store: Store, evaluation_id: str, question: Question) -> LogRows | DatapointRows | Comparisons:
    """The answer of a store to a question of any kind."""
    match question:
        case LogQuestion():
            return store.log_questions.answer(evaluation_id, question)
        case DatapointQuestion():
            return store.datapoint_questions.answer(evaluation_id, question)
        case ComparisonQuestion():
            return store.comparison_questions.answer(evaluation_id, question)
    raise AssertionError(question)


def conditions(evaluation: ChangingEvaluation, overview: Overview) -> st.SearchStrategy[JudgmentCondition]:
    """Conditions on judgments, by one evaluator or any."""
    by = st.none() | st.sampled_from([row.version_id for row in overview.evaluators])
    bound = st.none() | st.sampled_from([0.0, 1.0, 2.0, 2.5, 4.0])
    bounds = dict.fromkeys(("at_least", "above", "at_most", "below"), bound)
    states = st.sampled_from(["abstained", "failed", "missing", "judged"])
    return st.one_of(
        st.builds(JudgmentCondition, evaluator_version_id=by, state=states),
        st.builds(JudgmentCondition, evaluator_version_id=by, boolean=st.booleans()),
        st.builds(JudgmentCondition, evaluator_version_id=by, label=st.sampled_from(["good", "bad", "fine"])),
        st.builds(JudgmentCondition, evaluator_version_id=by, **bounds),
    )


def filters(evaluation: ChangingEvaluation, overview: Overview) -> st.SearchStrategy[Filter]:
    """Filters of any conditions together."""
    runs = st.lists(st.sampled_from([run.id for run in overview.runs]), unique=True)
    return st.builds(
        Filter,
        run_ids=st.none() | runs,
        datapoint_id=st.none() | st.none() | st.sampled_from([*evaluation.datapoints[:4], "dp_unknown"]),
        judgment=st.none() | conditions(evaluation, overview),
        errors_only=st.sampled_from([False, False, True]),
        text=st.none() | st.sampled_from(SEARCHED),
    )


def questions(evaluation: ChangingEvaluation, overview: Overview) -> st.SearchStrategy[Question]:
    """Questions of every kind that can be answered."""
    versions = [row.version_id for row in overview.evaluators]
    runs = [run.id for run in overview.runs]
    limits = {"limit": st.sampled_from([1, 3, 1000])}
    wanted = filters(evaluation, overview)
    scale = st.builds(
        EvaluatorScale,
        evaluator_version_id=st.sampled_from(versions),
        low=st.none() | st.just(1.0),
        high=st.none() | st.just(5.0),
        can_fail=st.booleans(),
    )
    of_datapoints = st.builds(
        DatapointQuestion,
        filter=wanted,
        dataset_version_id=st.just(evaluation.dataset_version_id),
        show=st.sampled_from(["all", "disagreement", "all_fail", "failed", "abstained", "missing"]),
        evaluator_version_id=st.none() | st.sampled_from(versions),
        scales=st.lists(scale, max_size=3),
        offset=st.integers(0, 2),
        **limits,
    )
    sorts = st.sampled_from(["newest", "worst", "latency", "cost", "length"])
    by = st.sampled_from(versions)
    comparison = st.builds(
        ComparisonQuestion,
        filter=st.builds(Filter, text=st.none() | st.sampled_from(SEARCHED)),
        baseline_run_id=st.sampled_from(runs),
        candidate_run_ids=st.lists(st.sampled_from(runs), min_size=1, max_size=3),
        evaluator_version_ids=st.lists(st.sampled_from(versions), max_size=4),
        outcome=st.sampled_from(
            ["regressed", "improved", "higher", "lower", "changed", "same", "only_baseline", "errors"]
        ),
        limit=st.sampled_from([0, 2]),
    )
    return st.one_of(
        st.builds(LogQuestion, filter=wanted, evaluator_version_id=by, sort=sorts, **limits),
        st.builds(LogQuestion, filter=wanted, evaluator_version_id=by, sample=st.just(True), **limits),
        of_datapoints,
        comparison,
    )
