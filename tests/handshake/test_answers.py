"""A host that gets its first answers out of the file sees what it would see of the plain server."""

import json
from pathlib import Path

import pytest
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID
from scripts.handshake import CAPABILITIES, recorded, text_of
from tests.handshake.both_ways import CONTENT, check_equal, new_handshake, plainly
from tests.handshake.transcripts import APPS, INITIALIZED, TRANSCRIPTS, enveloped, initialize, request

from evals_mcp.handshake.answers import Handshake, Recorded
from evals_mcp.handshake.capabilities import FEATURES, features_of
from evals_mcp.handshake.settings import EarlySettings
from evals_mcp.handshake.start import RECORDED, read_recorded
from evals_mcp.variables import DEFAULT_MAX_TOKENS

pytestmark = pytest.mark.anyio


async def test_the_file_has_what_the_server_answers() -> None:
    """In every version, for every kind of client; `python scripts/handshake.py` writes it."""
    assert Path(RECORDED).read_text(encoding="utf-8") == text_of(await recorded())


def test_each_kind_of_client_is_recorded() -> None:
    """Those that the SDK tells apart, too."""
    assert {feature: features_of(given) for feature, given in CAPABILITIES.items()} == {name: name for name in FEATURES}
    assert APPS == {"extensions": {EXTENSION_ID: {"mimeTypes": [APP_MIME_TYPE]}}}


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("name", TRANSCRIPTS)
async def test_a_transcript_is_answered_as_by_the_plain_server(name: str, read_only: bool) -> None:
    """Whether the server takes over at the end or in the middle, and whether the host waits for answers or not."""
    lines, number = TRANSCRIPTS[name]
    assert await check_equal(lines, len(lines), read_only=read_only) == number
    if not read_only:
        await check_equal(lines, len(lines), at_once=True)
        await check_equal(lines, len(lines) // 2)


@pytest.mark.parametrize("max_tokens", [300, 4_000, 20_000])
async def test_the_default_budget_is_told_as_it_is_set(max_tokens: int) -> None:
    """In the description and in the schema, with and without a handshake."""
    for lines in ([initialize(), request(1, "tools/list")], [enveloped(1, "tools/list")]):
        handshake = new_handshake(max_tokens)
        answers = [handshake.take(line) for line in lines]
        listed = json.loads(answers[-1])["result"]["tools"]
        budgets = [tool["inputSchema"]["properties"].get("max_tokens") for tool in listed]
        told = {(budget["default"], f"default {max_tokens:,}" in budget["description"]) for budget in budgets if budget}
        assert told == {(max_tokens, True)}


async def test_tools_that_depend_on_more_are_left_to_the_server() -> None:
    """On a remote server, or with a wrong setting, the file answers the handshake alone."""
    handshake = new_handshake(None)
    lines = [initialize(), INITIALIZED, request(1, "tools/list"), request(2, "ping")]
    answered = [bool(handshake.take(line)) for line in lines]
    assert answered == [True, False, False, True]
    assert handshake.unanswered
    assert not handshake.listed
    assert handshake.waiting[1:] == lines[1:3]
    assert len(await plainly(lines)) == 3


@pytest.mark.parametrize(
    ("lost", "lines"),
    [
        ("initialize", [initialize(), INITIALIZED]),
        ("tools/list", [initialize(), request(1, "tools/list"), request(2, "ping")]),
        ("server/discover", [enveloped(0, "server/discover"), enveloped(1, "tools/list")]),
        ("tools/list", [enveloped(0, "tools/list"), enveloped(1, "server/discover")]),
    ],
)
def test_what_the_file_lacks_is_left_to_the_server(lost: str, lines: list[bytes]) -> None:
    """With all that follows: half a file must not keep a host waiting."""
    index = {key: at for key, at in CONTENT["index"].items() if not key.startswith(lost)}
    for content in ({**CONTENT, "index": index}, {**CONTENT, "results": []}, {**CONTENT, "results": [None] * 100}):
        handshake = Handshake(Recorded(content), EarlySettings(read_only=False, max_tokens=DEFAULT_MAX_TOKENS))
        answered = [bool(handshake.take(line)) for line in lines]
        assert answered in ([False] * len(lines), [True] + [False] * (len(lines) - 1))
        assert handshake.unanswered
        assert not handshake.listed
        assert handshake.waiting[-len(lines) + answered[0] :] == lines[answered[0] :]


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"legacy": []}', "\x00", None])
def test_a_file_that_cannot_be_read_leaves_all_to_the_server(content: str | None, tmp_path: Path) -> None:
    """A start is slower then, and not impossible."""
    path = tmp_path / "recorded.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert read_recorded(str(path)) is None
    assert read_recorded(RECORDED) is not None
