"""compare_runs of runs that nobody plans: a plain answer for each, the same by both ways, and never a wrong figure."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.assistant import Assistant, connect_assistant
from tests.documented_only import documented_client, mirror_of
from tests.small_evaluations import FAILS, SmallEvaluation, make_evaluation

from evals_mcp.client.client import EvalsClient
from evals_mcp.models.runs import UpdateRunRequest
from evals_mcp.wiring import open_embedded_app

pytestmark = pytest.mark.anyio
QUESTIONS = [f"q{number}" for number in range(12)]
_CURSOR = re.compile(r'cursor="[^"]+"')
_AGE = re.compile(r"^Rows read .*\n?", re.MULTILINE)

Logs = Sequence[tuple[str, Mapping[str, object]]]


def said(values: Sequence[object], questions: Sequence[str] = QUESTIONS, by: str = "it") -> Logs:
    """A log for each question with a judgment."""
    return [(question, {f"small/{by}": value}) for question, value in zip(questions, values, strict=False)]


@dataclass(frozen=True)
class Case:
    """An evaluator's specification, what it says of a baseline and of a candidate, and what the answer holds."""

    name: str
    spec: Mapping[str, Any]
    old: Logs
    new: Logs
    holds: Sequence[str]
    lacks: Sequence[str] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)


BOOLEAN: dict[str, Any] = {"return_type": "boolean"}
NUMBER: dict[str, Any] = {"return_type": "number"}
OPTIONS = [{"name": "ok"}, {"name": "bad"}]
NOTHING = "Nothing to compare by these evaluators."
NO_PAIRS = "No pairs to compare."
CASES = [
    Case(
        "one datapoint",
        BOOLEAN,
        said([True]),
        said([False]),
        [
            "it | 1 | 100% | 0% | -100 points |",
            "too few pairs (detecting it needs about 6 pairs)",
            "1 datapoint got worse",
        ],
        ["| worse\n"],
    ),
    Case(
        "five pairs that all got worse",
        NUMBER,
        said([5] * 5),
        said([1] * 5),
        ["it | 5 | 5.00 | 1.00 | -4.00 |", "too few pairs"],
        ["| worse\n", "p ≤"],
    ),
    Case("all ties of a constant", NUMBER, said([3] * 12), said([3] * 12), [NOTHING, "Always 3 in both runs"], ["p ≤"]),
    Case(
        "the same judgments, which vary",
        NUMBER,
        said([1, 2, 3] * 4),
        said([1, 2, 3] * 4),
        ["it | 12 | 2.00 | 2.00 | 0.00 | 1.00 | 0/0/12 | no difference"],
        ["| better\n", "| worse\n"],
    ),
    Case(
        "a shift that is the same everywhere",
        NUMBER,
        said([3] * 12),
        said([4] * 12),
        [
            "it | 12 | 3.00 | 4.00 | +1.00 | 0.0005 | 12/0/0 | higher",
            "Not set whether higher is better: it. Counts are higher/lower/same. To set it: number_valence in the ",
        ],
        ["| better\n"],
    ),
    Case(
        "numbers of which less is better",
        {**NUMBER, "number_valence": "negative"},
        said([3] * 12),
        said([4] * 12),
        ["0/12/0 | worse", "12 datapoints got worse"],
        ["Not set", "| higher\n", "| lower\n"],
    ),
    Case(
        "numbers without a direction",
        {**NUMBER, "number_valence": "neutral"},
        said([3] * 12),
        said([4, 5] * 6),
        [
            "12/0/0 | higher",
            "Not set whether higher is better: it.",
            'No better or worse by it, so lower instead (outcome="higher" for the others): 0 datapoints got lower',
        ],
        ["got worse", "| better\n", "| worse\n"],
    ),
    Case(
        "true is what nobody wants",
        {**BOOLEAN, "options": [{"name": "true", "valence": "negative"}, {"name": "false", "valence": "positive"}]},
        said([False] * 12),
        said([True] * 12),
        ["it | 12 | 0% | 100% | +100 points", "0/12/0 | worse", "12 datapoints got worse"],
        ["| better\n"],
    ),
    Case(
        "only false is good",
        {**BOOLEAN, "options": [{"name": "False", "valence": "positive"}]},
        said([True] * 12),
        said([False] * 12),
        ["12/0/0 | better"],
    ),
    Case(
        "options without a direction",
        {"return_type": "select", "options": OPTIONS},
        said(["ok"] * 12),
        said(["ok"] * 2 + ["bad"] * 10),
        ["10 changed/2 same | different", "No better or worse by it"],
        ["got worse"],
    ),
    Case(
        "sets that are always empty",
        {"return_type": "multi_select", "options": OPTIONS},
        said([[]] * 12),
        said([[]] * 12),
        [NOTHING, "Always [] in both runs"],
    ),
    Case(
        "texts",
        {"return_type": "text"},
        said(["a"] * 12),
        said(["b"] * 12),
        [NOTHING, "because the judgments are text"],
    ),
    Case(
        "texts that nobody compares",
        {"return_type": "text"},
        said(["a"] * 12),
        said(["a", "b"] * 6),
        [NOTHING, "because the judgments are text"],
        ["stayed the same", "No datapoint has"],
        {"outcome": "same"},
    ),
    Case(
        "absurdly large numbers",
        NUMBER,
        said([1e308] * 12),
        said([-1e308] * 12),
        [NOTHING, "Judged in both runs, but without a finite number: it.", "beyond 1e150 (24 in new and the baseline)"],
        ["on no common datapoint"],
    ),
    Case(
        "some absurdly large numbers",
        NUMBER,
        said([1e308] + [1] * 11),
        said([2] * 12),
        ["it | 11 | 1.00 | 2.00 | +1.00 |", "beyond 1e150 (1 in new and the baseline)."],
    ),
    Case(
        "all null",
        BOOLEAN,
        said([None] * 12),
        said([None] * 12),
        [NOTHING, "No judgments in the baseline (12 abstained)"],
    ),
    Case(
        "all failed",
        BOOLEAN,
        said([FAILS] * 12),
        said([True] * 12),
        [NOTHING, "No judgments in the baseline (12 failed)"],
    ),
    Case(
        "unjudged", BOOLEAN, [(q, {}) for q in QUESTIONS], [(q, {}) for q in QUESTIONS], [NOTHING, "Not judged by it"]
    ),
    Case("a run without logs", BOOLEAN, said([True] * 12), [], [NO_PAIRS, "No judgments in the candidate (no logs)"]),
    Case("two runs without logs", BOOLEAN, [], [], [NO_PAIRS]),
    Case(
        "no common datapoint",
        BOOLEAN,
        said([True] * 6),
        said([False] * 6, QUESTIONS[6:]),
        [NO_PAIRS, "new and the baseline share no datapoints"],
        ["got worse", "| worse\n"],
    ),
    Case(
        "judged on different datapoints",
        BOOLEAN,
        [*said([True] * 6), *[(q, {}) for q in QUESTIONS[6:]]],
        [*[(q, {}) for q in QUESTIONS[:6]], *said([True] * 6, QUESTIONS[6:])],
        [NOTHING, "Judged in both runs, but on no common datapoint: it."],
    ),
    Case(
        "part of a dataset",
        BOOLEAN,
        said([True] * 12),
        said([False] * 8),
        ["new and the baseline share 8 datapoints of 8 and 12", "it | 8 | 100% | 0% | -100 points |"],
    ),
    Case(
        "several logs of a datapoint",
        NUMBER,
        said([3] * 12),
        [*said([4, 5] * 6), *said([2] * 12)],
        ["it | 12 | 3.00 | 3.25 | +0.25 |", "averaged before pairing (up to 24 logs for 12 datapoints)"],
    ),
    Case(
        "one datapoint many times",
        BOOLEAN,
        said([True] * 12, ["q0"] * 12),
        said([False] * 12, ["q0"] * 12),
        ["it | 1 | 100% | 0% |", "too few pairs"],
        ["| worse\n"],
    ),
    Case(
        "one error",
        BOOLEAN,
        said([True] * 12),
        said([FAILS] + [True] * 11),
        ["1 datapoint has an error or a failed judgment in old or new:"],
        arguments={"outcome": "errors"},
    ),
    Case(
        "a failed judgment that counts as a failure",
        BOOLEAN,
        said([True] * 11 + [FAILS]),
        said([FAILS] + [True] * 10 + [None]),
        ["2 datapoints have an error or a failed judgment in old or new:", "it true → failed"],
        arguments={"outcome": "errors", "missing": "fail"},
    ),
    Case(
        "a tone that changed and has no valence",
        {"return_type": "select", "options": [{"name": "friendly"}, {"name": "neutral"}]},
        said(["friendly"] * 12),
        said(["neutral"] * 12),
        ["No better or worse by it, so all changes: 12 datapoints changed by it", "it friendly → neutral"],
        ["got worse", "| worse"],
    ),
    Case(
        "a datapoint asked for errors where there are none",
        BOOLEAN,
        said([True] * 12),
        said([True, False] * 6),
        ["0 datapoints have an error or a failed judgment in old or new."],
        arguments={"outcome": "errors"},
    ),
]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """The application stays for all cases, so the loop does."""
    return "asyncio"


@dataclass(frozen=True)
class Assistants:
    """One server, asked in its own workspace and through a mirror."""

    direct: Assistant
    mirrored: Assistant

    async def ask_directly(self, evaluation: str, **arguments: Any) -> str:
        """The answer of compare_runs in the server's own workspace."""
        return await self.direct.ask("compare_runs", evaluation=evaluation, **arguments)

    async def ask(self, evaluation: str, **arguments: Any) -> str:
        """The answer of compare_runs, after seeing that both ways give it, and all of its pages.

        A cursor names a log by its number, which a mirror gives.
        """
        every = [
            await assistant.all_pages("compare_runs", evaluation=evaluation, **arguments)
            for assistant in (self.direct, self.mirrored)
        ]
        first, second = [[_CURSOR.sub("", _AGE.sub("", page)).rstrip("\n") for page in pages] for pages in every]
        assert second == first
        return every[0][0]


@pytest.fixture(scope="module")
async def assistants(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Assistants]:
    """Both ways to a database for all cases."""
    app = open_embedded_app(str(tmp_path_factory.mktemp("odd") / "evals.db"))
    remote = documented_client(app)
    async with (
        connect_assistant(EvalsClient(open_app=lambda: app)) as direct,
        connect_assistant(remote, mirror=mirror_of(remote)) as mirrored,
    ):
        yield Assistants(direct, mirrored)


async def fresh(assistants: Assistants, called: str, spec: Mapping[str, Any]) -> SmallEvaluation:
    """An evaluation of this name with one evaluator called `it`."""
    return await make_evaluation(assistants.direct.client, called, it=spec)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_odd_runs_are_compared_by_what_they_have(assistants: Assistants, case: Case) -> None:
    """The figures are right, what is missing is said, and there is no verdict without evidence.

    Each fifth case is asked both ways, in tests/slow every one.
    """
    await check_case(assistants, case, assistants.ask if case in CASES[::5] else assistants.ask_directly)


async def check_case(assistants: Assistants, case: Case, ask: Callable[..., Awaitable[str]]) -> None:
    """The answer about a new evaluation holds and lacks what it should."""
    small = await fresh(assistants, case.name, case.spec)
    await small.run("old", case.old, questions=QUESTIONS if not case.old else None)
    await small.run("new", case.new, questions=QUESTIONS if not case.new else None)
    answer = await ask(case.name, baseline="old", **case.arguments)
    for part in case.holds:
        assert part in answer, answer
    for part in case.lacks:
        assert part not in answer, answer
    assert not re.search(r"\bnan\b|\binf\b|None", answer)


async def test_runs_of_one_name_are_told_apart_from_the_newest(assistants: Assistants) -> None:
    """An ambiguous name lists them by recency, and each listed label is a name."""
    small = await fresh(assistants, "twins", BOOLEAN)
    for value in (True, False, True):
        await small.run("twin", said([value] * 12))
    refused = await assistants.direct.refuse("compare_runs", evaluation="twins", candidates=["twin"])
    assert "run: twin matches 3: twin#3, twin#2, twin#1 (newest first)." in refused.replace('"', "")
    answer = await assistants.ask("twins", baseline="twin#1", candidates=["twin#2"])
    assert "Candidate twin#2 against baseline twin#1" in answer
    assert "0/12/0 | worse" in answer


async def test_a_run_against_itself_among_others_is_left_out(assistants: Assistants) -> None:
    """Alone it is refused; with others these are compared."""
    small = await fresh(assistants, "itself", BOOLEAN)
    await small.run("old", said([True] * 12))
    await small.run("new", said([False] * 12))
    refused = await assistants.direct.refuse("compare_runs", evaluation="itself", baseline="old", candidates=["old"])
    assert "candidates: this is the baseline" in refused
    answer = await assistants.ask("itself", baseline="old", candidates=["old", "new"])
    assert "Candidate new against baseline old" in answer


async def test_a_baseline_that_nobody_chose_is_said_to_be_the_oldest(assistants: Assistants) -> None:
    """A verdict is against it, so a reader has to know; a named baseline needs no word."""
    small = await fresh(assistants, "nobody chose", BOOLEAN)
    await small.run("old", said([True] * 12))
    await small.run("new", said([False] * 12))
    answer = await assistants.ask("nobody chose")
    assert "Candidate new against baseline old (the oldest run: no control is set), paired by datapoint." in answer
    assert "against baseline old, paired" in await assistants.ask("nobody chose", baseline="old")


async def test_a_candidate_with_texts_alone_has_no_datapoint_that_stayed_the_same(assistants: Assistants) -> None:
    """Its texts are not compared, so the page of another candidate does not lead to it."""
    small = await make_evaluation(assistants.direct.client, "texts alone", it=BOOLEAN, notes={"return_type": "text"})
    both = [(question, {"small/it": True, "small/notes": "a"}) for question in QUESTIONS]
    await small.run("old", both)
    await small.run("new", both)
    await small.run("noted", said(["a"] * 12, by="notes"))
    await small.run("newer", both[:6])
    answer = await assistants.ask("texts alone", baseline="old", outcome="same")
    assert "12 datapoints stayed the same in new" in answer
    assert "\nDatapoints of newer: compare_runs(" in answer
    answer = await assistants.ask("texts alone", baseline="old", candidates=["noted"], outcome="same")
    assert "stayed the same" not in answer


async def test_runs_with_common_texts_alone_have_no_judgments_to_compare(assistants: Assistants) -> None:
    """The texts are there on both sides, so the answer denies only what is compared."""
    small = await fresh(assistants, "common texts", {"return_type": "text"})
    for run in ("old", "new"):
        await small.run(run, said(["a"] * 12), provider_latency=1.0)
    for outcome in ("same", "regressed"):
        answer = await assistants.ask("common texts", baseline="old", outcome=outcome)
        assert "\nNo datapoint has comparable judgments in both old and new." in answer


async def test_a_cancelled_run_is_said_to_be_one(assistants: Assistants) -> None:
    """Its comparison covers what it has, and says that it is cancelled; a log for it is refused in the chat's words."""
    small = await fresh(assistants, "stopped", BOOLEAN)
    await small.run("old", said([True] * 12))
    stopped = await small.run("new", said([False] * 12), questions=[*QUESTIONS, "one more"])
    await small.client.runs.update(small.id, stopped, UpdateRunRequest(status="cancelled"))
    assert "\nCancelled: new.\n" in await assistants.ask("stopped", baseline="old")
    datapoint = next(iter(small.datapoints.values()))
    given = {"evaluation": "stopped", "run": "new", "datapoint": datapoint, "output": "late"}
    refusal = await assistants.direct.refuse("log_generation", **given)
    assert "is cancelled, so it takes no logs or results. This is final. Use another run." in refusal
