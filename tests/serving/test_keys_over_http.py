"""Keys of people: administered over HTTP and by command, and named in all that they write."""

import json
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.e2e.in_process import Ended, run
from tests.serving.administration import create_key, create_workspace, list_keys
from tests.serving.mcp_clients import mcp_client, words
from tests.serving.served_here import served

from evals_mcp.cli.keys import read_expiry
from evals_mcp.errors import Invalid
from evals_mcp.models.roles import Role
from mcp import Client

_NEEDS_WRITE = "this needs the role `write`."
_WEAK = "Your key or sign-in may {}: this needs the role `{}`."
SAMPLE = "Which prompt answers tickets"


def _client(url: str, key: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"X-API-KEY": key}, timeout=240)


def test_an_administrator_manages_keys_without_a_shell_on_the_server(tmp_path: Path) -> None:
    """List, create and revoke, over HTTP; the new key works at once, and its secret is in one answer alone."""
    database = str(tmp_path / "evals.db")
    admin, writer = (create_key(database, None, role.word, role=role) for role in (Role.ADMIN, Role.WRITE))
    with served(database) as url, _client(url, admin.secret) as client:
        ends = "2099-01-31T00:00:00Z"
        made = client.post("/keys", json={"name": "zoe", "role": "label", "expires_at": ends})
        assert made.status_code == 201
        new = made.json()
        secret = new.pop("key")
        assert (new["name"], new["role"], new["state"], new["expires_at"]) == ("zoe", "label", "active", ends)
        with _client(url, secret) as zoe:
            assert zoe.get("/v5/evaluations", params={"file_id": "none"}).status_code in (200, 404)
            assert zoe.get("/keys").status_code == 403
        listed = client.get("/keys").json()["records"]
        assert [(item["name"], item["role"]) for item in listed] == [
            ("admin", "admin"),
            ("write", "write"),
            ("zoe", "label"),
        ]
        assert secret not in str(listed)
        assert client.post("/keys", json={"name": "zoe"}).status_code == 409
        assert client.post("/keys", json={"name": "old", "expires_at": "2001-01-01T00:00:00Z"}).status_code == 400
        for wrong in ({"name": ""}, {"name": "a\nb"}, {"name": "zoe "}, {"name": "x", "role": "owner"}, {}):
            assert client.post("/keys", json=wrong).status_code in (400, 422), wrong
        assert client.post(f"/keys/{new['id']}/revoke").json()["state"] == "revoked"
        assert client.post("/keys/nobody/revoke").status_code == 404
        with _client(url, writer.secret) as other:
            for method, path in (("GET", "/keys"), ("POST", "/keys"), ("POST", f"/keys/{admin.key.id}/revoke")):
                refused = other.request(method, path, json={"name": "more", "role": "admin"})
                assert (refused.status_code, "`admin`" in refused.json()["detail"]) == (403, True)
    assert len(list_keys(database)) == 3


def test_an_administrator_rotates_keys(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Their own, too. Who did what is in the list and in the log, and both keys work as long as they should."""
    database = str(tmp_path / "evals.db")
    lead, zoe = create_key(database, None, "lead", role=Role.ADMIN), create_key(database, None, "zoe", role=Role.READ)
    with served(database) as url:
        with _client(url, lead.secret) as client:
            made = client.post("/keys/zoe/rotate", json={"overlap_seconds": 3600})
            assert made.status_code == 201
            new = made.json()
            assert (new["name"], new["role"], new["replaces"]) == ("zoe", "read", zoe.key.id)
            for secret in (zoe.secret, new["key"]):
                with _client(url, secret) as either:
                    assert either.get("/v5/flows").status_code == 200
            for wrong in ({"overlap_seconds": -1}, {"overlap_seconds": 10**9}, {"overlap_seconds": "an hour"}):
                assert client.post("/keys/zoe/rotate", json=wrong).status_code == 422
            assert client.post("/keys/nobody/rotate").status_code == 404
            assert client.post(f"/keys/{zoe.key.id}/rotate").status_code == 409
            refused = client.post("/keys/lead/revoke")
            assert (refused.status_code, "Create another key of this role first" in refused.text) == (409, True)
            own = client.post("/keys/lead/rotate").json()
        with _client(url, own["key"]) as client:
            revoked = client.post("/keys/zoe/revoke").json()
            assert (revoked["id"], revoked["also_revoked"]) == (new["id"], [zoe.key.id])
            listed = client.get("/keys").json()["records"]
            with _client(url, zoe.secret) as old:
                _wait_until_refused(old)
    by = {item["id"]: (item["created_by"], item["revoked_by"], item["replaces"]) for item in listed}
    assert by == {
        lead.key.id: (None, "lead", None),
        zoe.key.id: (None, "lead", None),
        new["id"]: ("lead", "lead", zoe.key.id),
        own["id"]: ("lead", None, lead.key.id),
    }
    about = [record.getMessage() for record in caplog.records if record.name.endswith("routes.keys")]
    zoes = "of zoe (role read, workspace default) was"
    starts = (
        f"Key {new['id']} {zoes} created by lead, with key {lead.key.id}, in place of {zoe.key.id}, which ends at 20",
        f"Key {own['id']} of lead (role admin, workspace default) was created by lead, with key {lead.key.id}, in",
        f"Key {new['id']} {zoes} revoked by lead, with key {own['id']}.",
        f"Key {zoe.key.id} {zoes} revoked by lead, with key {own['id']}.",
    )
    assert all(line.startswith(start) for line, start in zip(about, starts, strict=True)), about
    assert not any(made_of.rpartition("_")[2] in caplog.text for made_of in (lead.secret, new["key"], own["key"]))


def _wait_until_refused(client: httpx.Client) -> None:
    """Until the server knows that the key ended, which takes it less than a second."""
    for _ in range(600):
        if client.get("/v5/flows").status_code == 401:
            return
        time.sleep(0.02)
    raise AssertionError("The key goes on.")


def test_without_keys_nobody_manages_them_over_http(tmp_path: Path) -> None:
    """The first one is made on the server's own machine."""
    with served(str(tmp_path / "evals.db")) as url:
        assert httpx.post(f"{url}/keys", json={"name": "me", "role": "admin"}, timeout=240).status_code == 403


def test_an_administrator_sees_no_other_workspace(postgres_address: str) -> None:
    """Neither in the list, nor to revoke by id or name, nor to create in."""
    for name in ("blue", "red"):
        create_workspace(postgres_address, name)
    admin = create_key(postgres_address, "red", "lead", role=Role.ADMIN)
    theirs = create_key(postgres_address, "blue", "ci", role=Role.ADMIN)
    with served(postgres_address) as url, _client(url, admin.secret) as client:
        assert [item["workspace"] for item in client.get("/keys").json()["records"]] == ["red"]
        for asked in (theirs.key.id, "ci"):
            assert client.post(f"/keys/{asked}/revoke").status_code == 404
        made = client.post("/keys", json={"name": "ci", "role": "admin", "workspace": "blue"}).json()
        assert made["workspace"] == "red"
    assert {key.name: key.revoked_at for key in list_keys(postgres_address)} == {"lead": None, "ci": None}


def _page(url: str, key: str, path: str) -> str:
    """A page, for whoever signed in with a key."""
    with httpx.Client(base_url=url, timeout=240, follow_redirects=True) as browser:
        browser.post("/", data={"key": key})
        return browser.get(path).text


def _row(ended: Ended) -> list[str]:
    (line,) = ended.stdout.splitlines()
    return line.split("\t")


def test_commands_show_all_of_a_key(tmp_path: Path) -> None:
    """From its making to its end, in a database; `--read-only` is a role."""
    database = ["--database", str(tmp_path / "evals.db")]
    made = run(["keys", "create", "zoe", "--role", "admin", "--expires", "10d", *database])
    assert re.search(r"role admin\. It expires at \d{4}-", made.stderr)
    time = r"\d{4}-\d\d-\d\d \d\d:\d\dZ"
    id, *rest = _row(run(["keys", "list", *database]))
    assert rest[:3] == ["zoe", "default", "admin"]
    assert re.fullmatch(rf"{time}\t{time}\tnever\texpires soon", "\t".join(rest[3:]))
    assert run(["keys", "create", "ben", "--read-only", *database]).status == 0
    revoked = f"Revoked key {id} of zoe (workspace default, role admin).\n"
    assert run(["keys", "revoke", id, *database]).stdout == revoked
    rows = [line.split("\t") for line in run(["keys", "list", "--all", *database]).stdout.splitlines()]
    assert {row[1]: (row[3], row[7][:7]) for row in rows} == {"zoe": ("admin", "revoked"), "ben": ("read", "active")}
    refused = run(["keys", "create", "x", "--expires", "soon", *database])
    assert (refused.status, "90d" in refused.stderr) == (1, True)


def test_commands_rotate_keys_and_list_those_that_work(tmp_path: Path) -> None:
    """Who did it is the name in the settings; what is left out, and what nobody can do any more, is told."""
    database = ["--database", str(tmp_path / "evals.db")]

    def keys(*words: str) -> Ended:
        return run(["keys", *words, *database], EVALS_MCP_ACTOR="root")

    first = keys("create", "zoe", "--role", "admin", "--expires", "2099-01-31")
    rotated = keys("rotate", "zoe", "--overlap", "1h")
    assert rotated.stdout != first.stdout
    assert re.search(r"of zoe .* role admin, in place of \w{12}, which works until \d{4}-.*2099-01-31", rotated.stderr)
    rows = keys("list")
    assert [line.split("\t")[7] for line in rows.stdout.splitlines()] == ["expires soon", "active"]
    assert rows.stderr == ""
    again = keys("rotate", "zoe", "--workspace", "default")
    assert "which stops within a second." in again.stderr
    rows = keys("list")
    assert len(rows.stdout.splitlines()) == 1
    assert rows.stderr == "2 keys are left out, revoked or expired. --all shows them.\n"
    revoked = keys("revoke", "zoe")
    assert "No key of role admin works in workspace default now" in revoked.stderr
    assert "`evals-mcp keys create NAME --role admin`" in revoked.stderr
    assert keys("list").stderr == "3 keys are left out, revoked or expired. --all shows them.\n"
    cells = [line.split("\t") for line in keys("list", "--all").stdout.splitlines()]
    ids = [row[0] for row in cells]
    assert {tuple(row[8:]) for row in cells} == {
        ("root", "", "root"),
        *(
            ("root", next(id for id in ids if id in made.stderr and id not in made.stdout), "root")
            for made in (rotated, again)
        ),
    }
    for wrong in ("soon", "0h", "31d", "1", ""):
        assert "of at most 30d" in keys("rotate", "zoe", "--overlap", wrong).stderr
    assert "does not work any more (revoked)" in keys("rotate", "zoe").stderr


def test_commands_work_at_a_server(tmp_path: Path) -> None:
    """With the key in HUMANLOOP_API_KEY, and no database."""
    database = str(tmp_path / "evals.db")
    key = create_key(database, None, "lead", role=Role.ADMIN).secret
    with served(database) as url:

        def at_server(*words: str, key: str = key) -> Ended:
            return run(["keys", *words, "--server", url], HUMANLOOP_API_KEY=key)

        made = at_server("create", "zoe smith", "--role", "read", "--expires", "2099-01-31")
        zoe = made.stdout.strip()
        assert "It expires at 2099-01-31 00:00Z." in made.stderr
        rows = [line.split("\t") for line in at_server("list").stdout.splitlines()]
        assert [(row[1], row[3], row[5]) for row in rows] == [
            ("lead", "admin", "never"),
            ("zoe smith", "read", "2099-01-31 00:00Z"),
        ]
        refused = at_server("list", key=zoe)
        assert (refused.status, "`admin`" in refused.stderr) == (1, True)
        replaced = at_server("rotate", "zoe smith", "--overlap", "2d")
        assert (replaced.stdout.strip() not in ("", zoe), "which works until" in replaced.stderr) == (True, True)
        assert ", which it replaced.\n" in at_server("revoke", "zoe smith").stdout
        assert "2 keys are left out" in at_server("list").stderr
        assert len(at_server("list", "--all").stdout.splitlines()) == 3
        last = at_server("revoke", "lead")
        assert (last.status, "the last one of role `admin`" in last.stderr) == (1, True)
        assert "Omit --workspace" in at_server("rotate", "lead", "--workspace", "default").stderr
        assert "Omit --workspace" in at_server("create", "x", "--workspace", "red").stderr
        both = run(["keys", "list", "--server", url, "--database", database], HUMANLOOP_API_KEY=key)
        assert "not both" in both.stderr


def test_the_end_of_a_key_is_a_time_from_now_or_a_day() -> None:
    """In UTC; what is no time, is past, or never comes is refused."""
    now = datetime(2030, 1, 1, 12, tzinfo=UTC)
    for text, expected in (
        ("90d", now + timedelta(days=90)),
        ("12h", now + timedelta(hours=12)),
        ("2w", now + timedelta(days=14)),
        ("2031-01-31", datetime(2031, 1, 31, tzinfo=UTC)),
        ("2031-01-31T12:00+02:00", datetime(2031, 1, 31, 10, tzinfo=UTC)),
    ):
        assert read_expiry(text, now) == expected
    for text in ("", "soon", "0d", "-1d", "90", "90 d", "999999w", "2031-02-30", "31.1.2031", "0001-01-01"):
        with pytest.raises(Invalid, match="90d"):
            read_expiry(text, now)


@pytest.mark.anyio
async def test_what_a_person_writes_has_their_name(sample_copy: Path) -> None:
    """Over the API and MCP, in the journal, as author, and on a page that others read; with the tools of each role."""
    database = str(sample_copy)
    keys = {role: create_key(database, None, f"{role.word} person", role=role).secret for role in Role}
    with served(database) as url, _client(url, keys[Role.LABEL]) as labeller, _client(url, keys[Role.ADMIN]) as admin:
        prompt = labeller.get("/v5/prompts").json()["records"][0]["id"]
        (log,) = labeller.get("/v5/logs", params={"file_id": prompt, "size": 1}).json()["records"]
        labelling = {"label_logs", "next_to_review", "undo"}
        all_tools: set[str] = set()
        for role, key in reversed(keys.items()):
            async with mcp_client(url, "legacy", X_API_KEY=key) as client:
                tools = {tool.name: tool for tool in (await client.list_tools()).tools}
                hints = {name: tool.annotations for name, tool in tools.items()}
                writing = {name for name, hint in hints.items() if not (hint and hint.read_only_hint)}
                all_tools = all_tools or set(tools)
                assert writing == {Role.READ: set(), Role.LABEL: labelling}.get(role, writing), role
                assert set(tools) == all_tools or role < Role.WRITE
                assert ("log_generation" in (client.instructions or "")) == (role >= Role.WRITE)
                if role >= Role.LABEL:
                    label = {"evaluation": SAMPLE, "logs": [log["id"]], "evaluator": "fine:boolean", "judgment": "true"}
                    assert "Undo:" in await words(client, "label_logs", **label, kind="human")
                else:
                    assert _WEAK.format("read, not label", "label") in await words(client, "undo")
        async with mcp_client(url, "2026-07-28", X_API_KEY=keys[Role.LABEL]) as client:
            refused = await words(client, "label_logs", **label, kind="human", author="carol")
            own = "Omit the author: it is `label person`."
            assert refused == f"Error: Your key may label, not judge in another name: {_NEEDS_WRITE} {own}"
            refused = await words(client, "next_to_review", evaluation=SAMPLE, reviewer="carol")
            own = "The reviewer is `label person`."
            assert refused == f"Error: Your key may label, not review in another name: {_NEEDS_WRITE} {own}"
            assert _WEAK.format("label, not write", "write") in await words(client, "update_run")
            await _label_as_proposed(client, log["id"])
        made = admin.post("/v5/flows", json={"path": "made/here", "attributes": {"by": "admin"}})
        entries: list[Any] = admin.get("/v5/journal", params={"size": 5}).json()["records"]
        assert [entry["actor"] for entry in entries] == ["admin person"] + [
            f"{word} person" for word in ("label", "label", "write", "admin")
        ]
        assert entries[0]["id"] == made.headers["x-evals-write"]
        authors = {item["user"] for item in labeller.get(f"/v5/logs/{log['id']}").json()["evaluator_logs"]}
        assert authors >= {"label person", "write person", "admin person"}
        shown = _page(url, keys[Role.READ], f"/logs/{log['id']}")
        assert "label person" in shown
        assert "carol" not in shown


async def _label_as_proposed(client: Client, other: str) -> None:
    """What a reviewer is told to call is what their key may store."""
    given = await words(client, "next_to_review", evaluation=SAMPLE, reviewer="label person")
    assert other not in given
    (proposed,) = re.findall(r"label_logs\((.*)\)", given)
    arguments = {key: json.loads(value) for key, value in re.findall(r"(\w+)=(\[.*?\]|\"[^\"]*\")", proposed)}
    assert (arguments["author"], arguments["kind"]) == ("label person", "human")
    stored = await words(client, "label_logs", **{**arguments, "evaluator": "fine", "judgment": "true"})
    assert "(a person's judgment by label person): true." in stored
