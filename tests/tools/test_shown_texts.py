"""Texts of logs, datapoints and judges in answers: whole, or with the exact number of characters left out."""

import random
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from tests.assistant import Assistant, connect_assistant
from tests.small_evaluations import make_evaluation

from evals_mcp.config import Settings
from evals_mcp.models.datapoints import CreateDatapointRequest
from evals_mcp.models.datasets import DatasetRequest
from evals_mcp.models.log_requests import EvaluatorLogRequest, PromptLogRequest
from evals_mcp.models.prompts import PromptRequest
from evals_mcp.models.references import VersionReference
from evals_mcp.models.runs import CreateRunRequest
from evals_mcp.wiring import build_client

pytestmark = pytest.mark.anyio
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"(?: \(\+([\d,]+) characters\)(?: "…((?:[^"\\]|\\.)*)")?)?')
_ESCAPE = re.compile(r'\\(?:u\{([0-9a-f]+)\}|([nrt"\\|]))')
_PLAIN = {"n": "\n", "r": "\r", "t": "\t"}
_MARK = re.compile(r"#\d+#")
_SIZES = (5, 90, 700, 12_394, 70_000)


class Texts:
    """Texts at random that can be told apart by their beginnings."""

    def __init__(self) -> None:
        self._random = random.Random(7)
        self.made: dict[str, str] = {}

    def make(self, size: int) -> str:
        """A new text of at least this many characters."""
        mark = f"#{len(self.made)}#"
        words = ["".join(self._random.choices('abcdefghij"\\é字\n', k=7)) for _ in range(size // 8)]
        self.made[mark] = " ".join([mark, *words, "end"])
        return self.made[mark]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """The assistant is shared, so its event loop is, too."""
    return "asyncio"


@pytest.fixture(scope="module")
def texts() -> Texts:
    """All texts of the evaluation."""
    return Texts()


@pytest.fixture(scope="module")
async def assistant(tmp_path_factory: pytest.TempPathFactory, texts: Texts) -> AsyncIterator[Assistant]:
    """An assistant at an evaluation of two runs in which every text occurs in every size."""
    database = tmp_path_factory.mktemp("texts") / "evals.db"
    async with build_client(Settings(database=str(database))) as client:
        small = await make_evaluation(client, "Texts", judge={"return_type": "boolean"})
        dataset = await client.datasets.upsert(
            DatasetRequest(
                path="texts/questions",
                datapoints=[
                    CreateDatapointRequest(
                        inputs={"question": texts.make(size), "deep": {"list": [texts.make(size), 4]}},
                        target={"answer": texts.make(size)},
                    )
                    for size in _SIZES
                ],
            ),
            include_datapoints=True,
        )
        for run_name in ("old", "new"):
            prompt = await client.prompts.upsert(
                PromptRequest.model_validate(
                    {"path": "small/prompt", "model": "none", "attributes": {"n": run_name}, "version_name": run_name}
                )
            )
            run = await client.runs.create(
                small.id,
                CreateRunRequest(
                    dataset=VersionReference(version_id=dataset.version_id),
                    version=VersionReference(version_id=prompt.version_id),
                    orchestrated=False,
                ),
            )
            for size, datapoint in zip(_SIZES, dataset.datapoints or (), strict=True):
                request = {
                    "path": "small/prompt",
                    "run_id": run.id,
                    "source_datapoint_id": datapoint.id,
                    "inputs": datapoint.inputs,
                    "messages": [
                        {"role": "user", "content": texts.make(size)},
                        {"role": "assistant", "content": [{"type": "text", "text": texts.make(size)}]},
                    ],
                    "output": texts.make(size),
                    "error": texts.make(size) if size > 1_000 else None,
                }
                log = await client.prompts.log(PromptLogRequest.model_validate(request), version_id=prompt.version_id)
                judgment = {"parent_id": log.id, "judgment": run_name == "old", "output": texts.make(size)}
                await client.evaluators.log(
                    EvaluatorLogRequest.model_validate(judgment), version_id=small.evaluators["small/judge"]
                )
        async with connect_assistant(client) as assistant:
            yield assistant


ASKED: list[tuple[str, dict[str, Any]]] = [
    ("get_logs", {}),
    ("get_logs", {"sort": "length", "limit": 3}),
    ("get_logs", {"where": ["text~#4#"]}),
    ("list_datapoints", {}),
    ("compare_runs", {}),
    ("compare_runs", {"outcome": "same"}),
    ("list_runs", {}),
]


@pytest.mark.parametrize("budget", [300, 20_000])
@pytest.mark.parametrize(("tool", "arguments"), ASKED)
async def test_a_text_is_whole_or_says_exactly_how_much_is_left_out(
    assistant: Assistant, texts: Texts, tool: str, arguments: Mapping[str, object], budget: int
) -> None:
    """No text ends without a mark where it goes on, and each number is that of the characters left out."""
    await check_pages(assistant, texts, tool, arguments, budget)


async def check_pages(
    assistant: Assistant, texts: Texts, tool: str, arguments: Mapping[str, object], budget: int
) -> None:
    """Every text on all pages of an answer is whole, or counts what it leaves out."""
    for answer in await assistant.all_pages(tool, evaluation="Texts", max_tokens=budget, **arguments):
        check_texts(answer, texts.made)


@pytest.mark.parametrize("budget", [300, 20_000])
async def test_a_log_read_by_itself_is_cut_as_honestly(assistant: Assistant, texts: Texts, budget: int) -> None:
    """Also in get_log, alone and beside another."""
    await check_single_logs(assistant, texts, budget)


async def check_single_logs(assistant: Assistant, texts: Texts, budget: int) -> None:
    """Every text in an answer about one log is whole, or counts what it leaves out."""
    answers = await assistant.all_pages("get_logs", evaluation="Texts", runs=["old"], max_tokens=4_000)
    ids = dict.fromkeys(found for answer in answers for found in re.findall(r"log_\w+", answer))
    assert len(ids) == len(_SIZES)
    for log in ids:
        check_texts(await assistant.ask("get_log", log=log, max_tokens=budget), texts.made)
        beside = await assistant.ask("get_log", log=log, beside="new", evaluation="Texts", max_tokens=budget)
        check_texts(beside, texts.made)


def check_texts(answer: str, made: Mapping[str, str]) -> None:
    """Every quoted text in an answer that begins like one of these is that text, or counts what it leaves out."""
    ours = re.sub(r"^\|.*$", "", answer, flags=re.MULTILINE)  # a block is cut by its call to read on
    for shown, left_out, tail in _QUOTED.findall(ours):
        text = _read(shown)
        mark = _MARK.match(text)
        if mark is None or text == mark[0]:
            continue
        whole = made[mark[0]]
        if not left_out:
            assert text == whole, f"{shown[:80]!r} ends without a mark"
            continue
        assert text.endswith("…")
        beginning, end = text[:-1], _read(tail)
        assert whole.startswith(beginning)
        assert whole.endswith(end)
        assert len(beginning) + int(left_out.replace(",", "")) + len(end) == len(whole)


def _read(shown: str) -> str:
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else _PLAIN.get(found[2], found[2]), shown)
