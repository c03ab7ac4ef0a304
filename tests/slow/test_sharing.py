"""Several processes on one database: servers beside each other, and a stdio server beside a served one."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from tests.e2e.stdio import Wire
from tests.serving.administration import create_key, create_workspace

Start = Callable[..., Any]

_EVALUATION = "Which prompt answers tickets"
_WRITERS = 4
_LOGS_EACH = 10
_PATIENCE = 120  # of clients for each other: one that fails before they meet must not keep the others waiting


def _client(url: str, key: str | None = None) -> httpx.Client:
    return httpx.Client(
        base_url=f"{url}/v5", headers={} if key is None else {"X-API-KEY": key}, timeout=240, verify=False
    )


def test_a_version_made_on_one_server_is_seen_on_the_other_at_once(start_server: Start, database_address: str) -> None:
    """So is its deployment, and what is written to both at the same moment is there once."""
    if "://" in database_address:
        create_workspace(database_address, "red")
    workspace = "red" if "://" in database_address else None
    key = create_key(database_address, workspace, "ci").secret
    urls = [start_server(database_address).url for _ in range(2)]
    with _client(urls[0], key) as one, _client(urls[1], key) as other:
        for number in range(10):
            made = one.post("/prompts", json={"path": "bot", "model": f"m{number}"}).raise_for_status().json()
            seen = other.get(f"/prompts/{made['id']}", params={"version_id": made["version_id"]}).raise_for_status()
            assert seen.json()["model"] == f"m{number}"
            staging = next(
                item for item in other.get(f"/prompts/{made['id']}/environments").json() if item["tag"] != "default"
            )
            deployed = f"/prompts/{made['id']}/environments/{staging['id']}"
            other.post(deployed, params={"version_id": made["version_id"]}).raise_for_status()
            found = one.get(f"/prompts/{made['id']}", params={"environment": staging["name"]})
            assert found.json()["version_id"] == made["version_id"]
    together = threading.Barrier(8, timeout=_PATIENCE)

    def upsert(number: int) -> str:
        with _client(urls[number % 2], key) as client:
            together.wait()
            body = {"path": "deep/down/bot", "attributes": {"same": "content"}}
            return str(client.post("/flows", json=body).raise_for_status().json()["version_id"])

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(upsert, range(8)))) == 1
    with _client(urls[0], key) as client:
        (flow,) = client.get("/flows").json()["records"]
        assert len(client.get(f"/flows/{flow['id']}/versions").json()["records"]) == 1


def test_a_stdio_server_and_a_served_one_write_to_one_file(start_server: Start, sample_copy: Path) -> None:
    """Neither is refused, and each shows what the other wrote."""
    url = start_server(str(sample_copy)).url
    with Wire({"EVALS_MCP_DATABASE": str(sample_copy)}) as wire, _client(url) as client:
        listed = wire.answer("list_datapoints", evaluation=_EVALUATION, limit=1)
        datapoint = next(line.split(" ")[0] for line in listed.splitlines() if line.startswith("dp_"))
        prompts = client.get("/files", params={"type": "prompt"}).raise_for_status().json()["records"]
        evaluations = client.get("/evaluations", params={"file_id": prompts[0]["id"]}).json()["records"]
        runs = client.get(f"/evaluations/{evaluations[0]['id']}/runs").json()["runs"]
        run = next(item for item in runs if item["version"]["version_name"] == "v2-concise")

        def write(number: int) -> list[str]:
            made = []
            for turn in range(_LOGS_EACH):
                if number == 0:
                    output = f"said over stdio {turn}"
                    said = wire.answer(
                        "log_generation", evaluation=_EVALUATION, run="v2-concise", datapoint=datapoint, output=output
                    )
                    made.append(said.split(" ")[1])
                    continue
                body = {"id": prompts[0]["id"], "run_id": run["id"], "output": f"said over HTTP {number}/{turn}"}
                made.append(client.post("/prompts/log", json=body).raise_for_status().json()["id"])
            return made

        with ThreadPoolExecutor(_WRITERS) as pool:
            made = {log_id for ids in pool.map(write, range(_WRITERS)) for log_id in ids}
        assert len(made) == _WRITERS * _LOGS_EACH
        path = f"/evaluations/{evaluations[0]['id']}/logs"
        page = client.get(path, params={"run_id": run["id"], "size": 1000}).json()
        assert made <= {item["log"]["id"] for item in page["records"]}
        for log_id in made:
            assert "said over" in wire.answer("get_log", log=log_id)
