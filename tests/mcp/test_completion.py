"""Completion: the names that a host suggests while a person types, in both eras of the protocol."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from mcp.types import PromptReference, ResourceTemplateReference
from tests.documented_only import documented_client, mirror_of

from evals_mcp.client.client import EvalsClient
from evals_mcp.config import Settings
from evals_mcp.mcp.prompts import PROMPTS
from evals_mcp.mcp.resources import RESOURCES
from evals_mcp.mcp.server import build_server
from evals_mcp.models.evaluations import CreateEvaluationRequest
from evals_mcp.models.prompts import PromptRequest
from evals_mcp.models.references import FileReference
from evals_mcp.wiring import build_client, build_mcp_server, open_embedded_app
from mcp import Client

pytestmark = pytest.mark.anyio
SAMPLE = "Which prompt answers tickets"
PROMPT = PromptReference(name="triage_failures")


@pytest.fixture(params=["legacy", "2026-07-28"])
async def client(request: pytest.FixtureRequest, sample_database: Path) -> AsyncIterator[Client]:
    """A client of a server on the sample."""
    server = build_mcp_server(Settings(database=str(sample_database)))
    async with Client(server, mode=request.param) as client:
        yield client


async def suggested(
    client: Client,
    argument: str,
    typed: str = "",
    given: dict[str, str] | None = None,
    reference: PromptReference | ResourceTemplateReference = PROMPT,
) -> list[str]:
    """What is suggested for what was typed of an argument."""
    return (await client.complete(reference, {"name": argument, "value": typed}, given)).completion.values


async def test_evaluations_are_found_by_the_beginning_or_a_part_of_their_name(client: Client) -> None:
    """Any case does; a part of the file gives the file, and the beginning of the id gives the id."""
    for typed in ("", "which", "ANSWERS", " tickets "):
        assert await suggested(client, "evaluation", typed) == [SAMPLE, "support/answer-ticket"]
    assert await suggested(client, "evaluation", "support/") == ["support/answer-ticket"]
    (evaluation_id,) = await suggested(client, "evaluation", "evr_")
    assert await suggested(client, "evaluation", evaluation_id) == [evaluation_id]
    assert await suggested(client, "evaluation", evaluation_id[5:]) == []
    assert await suggested(client, "evaluation", "contains_greeting") == []


@pytest.mark.parametrize("argument", ["run", "baseline", "candidate"])
async def test_runs_are_those_of_the_evaluation_given_the_newest_first(client: Client, argument: str) -> None:
    """What was filled in before decides whose runs they are; without it the last changed evaluation does."""
    everything = ["v3-policy-quotes", "v2-concise", "v1-baseline"]
    assert await suggested(client, argument, "", {"evaluation": SAMPLE}) == everything
    assert await suggested(client, argument, "") == everything
    assert await suggested(client, argument, "V2", {"evaluation": "which"}) == ["v2-concise"]
    assert await suggested(client, argument, "quotes", {"evaluation": SAMPLE}) == ["v3-policy-quotes"]
    assert await suggested(client, argument, "", {"evaluation": "no such evaluation"}) == []


async def test_evaluators_are_those_of_the_evaluation_given(client: Client) -> None:
    """By the end of their path, or by the whole of it."""
    labels = ["policy_correct", "helpfulness", "tone", "contains_greeting"]
    assert await suggested(client, "evaluator", "", {"evaluation": SAMPLE}) == labels
    assert await suggested(client, "evaluator", "t") == [
        "tone",
        "policy_correct",
        "support/helpfulness",
        "contains_greeting",
    ]
    assert await suggested(client, "evaluator", "support/tone") == ["support/tone"]


async def test_a_prompt_is_offered_a_form_without_blanks_too(tmp_path: Path) -> None:
    """Some hosts split what is picked: the file follows where it is one evaluation's, else the id; in no address."""
    settings = Settings(database=str(tmp_path / "blanks.db"))
    async with build_client(settings) as api:
        for path, name in (("bot", "First try"), ("bot", "Second try"), ("other", "Third try"), ("other 2", "fourth")):
            await api.prompts.upsert(PromptRequest(path=path, model="m"))
            await api.evaluations.create(
                CreateEvaluationRequest(name=name, file=FileReference(path=path), evaluators=[])
            )
    async with Client(build_mcp_server(settings), mode="legacy") as client:
        offered = await suggested(client, "evaluation", "t")
        assert set(offered[:4]) == {"First try", "Second try", "Third try", "fourth"}
        assert "other" in offered[4:]
        assert [value.startswith("evr_") for value in offered[4:]].count(True) == 2
        address = ResourceTemplateReference(uri=RESOURCES[0].address)
        assert not [value for value in await suggested(client, "evaluation", "try", None, address) if "_" in value]


async def test_every_variable_of_an_address_but_the_log_is_completed(client: Client) -> None:
    """Addresses are completed like prompts."""
    for template in RESOURCES:
        reference = ResourceTemplateReference(uri=template.address)
        values = await suggested(client, "evaluation", "", None, reference)
        assert values == [SAMPLE]
    assert "v2-concise" in await suggested(client, "run", "v", {"evaluation": SAMPLE}, reference)
    assert await suggested(client, "log", "log_", None, reference) == []


async def test_every_argument_of_a_prompt_is_completed(client: Client) -> None:
    """No prompt asks for a name that the host cannot suggest."""
    for prompt in PROMPTS:
        for argument in prompt.arguments:
            assert await suggested(client, argument, "", None, PromptReference(name=prompt.name))


@pytest.mark.parametrize("typed", ["\x00", "\ud800", "x" * 100_000, '"', "%", "' OR 1=1", "汉", "…"])
async def test_nothing_typed_makes_it_fail(client: Client, typed: str) -> None:
    """Odd text has no suggestions, in any place."""
    assert await suggested(client, "evaluation", typed) == []
    assert await suggested(client, "run", typed, {"evaluation": SAMPLE}) == []
    assert await suggested(client, "run", "", {"evaluation": typed, typed: typed}) == []
    assert await suggested(client, typed, "") == []
    assert await suggested(client, "evaluation", typed, None, PromptReference(name="no such prompt")) == []


async def test_at_most_a_hundred_are_suggested_and_the_last_changed_come_first(tmp_path: Path) -> None:
    """The protocol allows no more; that there are more is said. Of several with one name the ids are suggested."""
    settings = Settings(database=str(tmp_path / "many.db"))
    async with build_client(settings) as api:
        for path in ("bot", "other"):
            await api.prompts.upsert(PromptRequest(path=path, model="m"))
        for number in range(120):
            name = f"eval {number}" if number >= 2 else "twin"
            file = FileReference(path="other" if number == 0 else "bot")
            await api.evaluations.create(CreateEvaluationRequest(name=name, file=file, evaluators=[]))
    async with Client(build_mcp_server(settings), mode="legacy") as client:
        names = await suggested(client, "evaluation")
        assert names == [f"eval {number}" for number in range(119, 19, -1)]
        assert (await suggested(client, "evaluation", "eval 11"))[:11] == [
            f"eval {number}" for number in (*range(119, 109, -1), 11)
        ]
        assert all(value.startswith("evr_") for value in await suggested(client, "evaluation", "twin"))
        assert len(await suggested(client, "evaluation", "twin")) == 2


async def test_without_the_extension_names_are_found_too(sample_database: Path) -> None:
    """A server with only the documented API has its names suggested all the same."""
    api = documented_client(open_embedded_app(str(sample_database)))
    server = build_server(api, mirror_of(api), max_tokens=4000, read_only=False)
    async with Client(server, mode="legacy") as client:
        assert await suggested(client, "evaluation", "which") == [SAMPLE, "support/answer-ticket"]
        assert await suggested(client, "run", "v2", {"evaluation": SAMPLE}) == ["v2-concise"]


@pytest.mark.parametrize("trouble", ["refused", "silent", "broken"])
async def test_an_api_that_is_out_of_reach_has_no_suggestions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    """A refused connection, a server that never answers and a broken database are no errors, and nobody waits long."""
    monkeypatch.setattr("evals_mcp.mcp.server._MOMENT", 0.2)
    (tmp_path / "broken.db").write_bytes(b"not a database, and long enough to be read as one" * 100)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        silent = f"http://127.0.0.1:{listening.getsockname()[1]}"
        apis = {
            "refused": EvalsClient("http://127.0.0.1:9"),
            "silent": EvalsClient(silent, connect_timeout=300, read_timeout=300),
            "broken": build_client(Settings(database=str(tmp_path / "broken.db"))),
        }
        async with apis[trouble] as api, Client(build_server(api, max_tokens=4000, read_only=False)) as client:
            with anyio.fail_after(240):
                assert await suggested(client, "evaluation", "x") == []
                assert await suggested(client, "run", "x", {"evaluation": "y"}) == []
