"""MCP over HTTP for several people and workspaces at once, on both databases."""

import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import anyio
import httpx
import pytest
from anyio import to_thread
from tests.serving.administration import create_key, create_workspace, revoke_key
from tests.serving.mcp_clients import ERAS, Era, mcp_client, message, words
from tests.serving.served_here import served

pytestmark = pytest.mark.anyio
eras = pytest.mark.parametrize("era", ERAS)
_PEOPLE, _EACH = 4, 5


@eras
async def test_a_key_reaches_its_workspace_alone(postgres_address: str, era: Era) -> None:
    """While people of two teams write and read at once: nobody sees, undoes or signs what is another's."""
    keys = {}
    for team in ("red", "blue"):
        create_workspace(postgres_address, team)
        for number in range(_PEOPLE):
            person = f"{team}-{number}"
            keys[person] = create_key(postgres_address, team, person).secret
    with served(postgres_address, host="0.0.0.0") as at:
        url = at.replace("0.0.0.0", "127.0.0.1")
        await _all_write(dict.fromkeys(keys, url), keys, era)
        for person, key in keys.items():
            team, other = ("red", "blue") if person.startswith("red") else ("blue", "red")
            async with mcp_client(url, era, X_API_KEY=key) as client:
                listed = await words(client, "list_evaluations")
                assert f"{team}-0" in listed
                assert f"{other}-" not in listed
                assert "no evaluation is named" in await words(client, "list_runs", evaluation=f"{other}-0 of 0")
                entry = _journal(url, keys[f"{other}-0"])[0]["id"]
                assert "Error" in await words(client, "undo", write=entry)
        for team in ("red", "blue"):
            _require_signed(url, keys[f"{team}-0"], team)


@eras
async def test_files_of_two_teams_at_once(tmp_path: Path, era: Era) -> None:
    """The same with one server for each team's SQLite file, in one process."""
    keys: dict[str, str] = {}
    urls: dict[str, str] = {}
    with ExitStack() as servers:
        for team in ("red", "blue"):
            database = str(tmp_path / f"{team}.db")
            for number in range(_PEOPLE):
                keys[f"{team}-{number}"] = create_key(database, None, f"{team}-{number}").secret
            url = servers.enter_context(served(database))
            urls |= {f"{team}-{number}": url for number in range(_PEOPLE)}
        await _all_write(urls, keys, era)
        for team in ("red", "blue"):
            _require_signed(urls[f"{team}-0"], keys[f"{team}-0"], team)


@eras
async def test_a_revoked_key_stops(database_address: str, era: Era) -> None:
    """For a client that is connected, too; other keys of the workspace go on."""
    workspace = None
    if "://" in database_address:
        workspace = create_workspace(database_address, "red").name
    keys = {name: create_key(database_address, workspace, name).secret for name in ("zoe", "yan")}
    with served(database_address) as url:
        async with mcp_client(url, era, X_API_KEY=keys["yan"]) as going_on:
            assert _status(url, keys["zoe"], era) == 200
            await to_thread.run_sync(revoke_key, database_address, "zoe")
            with anyio.fail_after(240):
                await to_thread.run_sync(_until_refused, url, keys["zoe"], era, abandon_on_cancel=True)
            assert "no evaluations" in await words(going_on, "list_evaluations")


def _status(url: str, key: str, era: Era) -> int:
    body, headers = message(era, "tools/list")
    return httpx.post(f"{url}/mcp", json=body, headers={**headers, "X-API-KEY": key}, timeout=240).status_code


def _until_refused(url: str, key: str, era: Era) -> None:
    while (status := _status(url, key, era)) != 401:
        assert status == 200
        time.sleep(0.1)


def test_a_server_starts_without_the_sdk() -> None:
    """The first request to `/mcp` loads it; a team may have none."""
    code = (
        "import sys, evals_mcp.serving.serve; "
        "print({name.partition('.')[0] for name in sys.modules} & {'mcp', 'mcp_types'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@eras
async def test_an_ended_call_has_written_all_or_nothing(tmp_path: Path, era: Era) -> None:
    """Whenever its client goes away: what is there is in the journal, and nothing else is."""
    database = str(tmp_path / "evals.db")
    key = create_key(database, None, "zoe").secret
    with served(database) as url:
        async with httpx.AsyncClient(headers={"X-API-KEY": key}, timeout=240) as http:
            for number in range(40):
                arguments = {"evaluation": f"at {number}", "attributes": '{"a": 1}', "version": "v1"}
                body, headers = message(era, "tools/call", name="set_up_run", arguments=arguments)
                with anyio.move_on_after(0.001 * number):
                    await http.post(f"{url}/mcp", json=body, headers=headers)
    with served(database) as url:  # the first has ended, and with it all that it had begun
        async with mcp_client(url, era, X_API_KEY=key) as client:
            await words(client, "set_up_run", evaluation="at last", attributes='{"a": 1}', version="v1")
            listed = await words(client, "list_evaluations", max_tokens=8000)
            entries = _journal(url, key)
            assert {entry["actor"] for entry in entries} == {"zoe"}
            evaluations = "evaluation" if len(entries) == 1 else "evaluations"
            assert listed.startswith(f"{len(entries)} {evaluations}")


async def _all_write(urls: dict[str, str], keys: dict[str, str], era: Era) -> None:
    """Every person makes evaluations of their own, all at once."""

    async def write(person: str) -> None:
        async with mcp_client(urls[person], era, Authorization=f"Bearer {keys[person]}") as client:
            for number in range(_EACH):
                name = f"{person} of {number}"
                made = await words(client, "set_up_run", evaluation=name, attributes='{"a": 1}', version="v1")
                assert "Undo:" in made

    async with anyio.create_task_group() as tasks:
        for person in keys:
            tasks.start_soon(write, person)


def _journal(url: str, key: str) -> list[dict[str, str]]:
    headers = {"X-API-KEY": key}
    records: list[dict[str, str]] = httpx.get(
        f"{url}/v5/journal", params={"size": 100}, headers=headers, timeout=240
    ).json()["records"]
    return records


def _require_signed(url: str, key: str, team: str) -> None:
    """Each person of a team wrote as often as they did, by their own name."""
    actors = [entry["actor"] for entry in _journal(url, key)]
    assert sorted(actors) == sorted(f"{team}-{number}" for number in range(_PEOPLE) for _ in range(_EACH))
