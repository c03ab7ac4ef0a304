"""Pages of a server of several workspaces on PostgreSQL: a key shows those of its own."""

import httpx
from tests.serving.administration import create_key, create_workspace
from tests.serving.served_here import served


def test_a_key_shows_the_pages_of_its_workspace(postgres_address: str) -> None:
    """Also by the address of another's evaluation or log, and a read-only key is enough."""
    keys = {}
    for name in ("red", "blue"):
        create_workspace(postgres_address, name)
        keys[name] = create_key(postgres_address, name, "writer").secret
        keys[f"{name} reader"] = create_key(postgres_address, name, "reader", read_only=True).secret
    with served(postgres_address, host="0.0.0.0") as served_at:
        url = served_at.replace("0.0.0.0", "127.0.0.1")
        made = {}
        for name in ("red", "blue"):
            headers = {"X-API-KEY": keys[name]}
            with httpx.Client(base_url=url, headers=headers, timeout=240) as client:
                flow = client.post("/v5/flows", json={"path": f"bots/{name}", "attributes": {"a": 1}}).json()
                about = {"name": f"Of {name}", "file": {"id": flow["id"]}, "evaluators": []}
                evaluation = client.post("/v5/evaluations", json=about).json()
                log = client.post("/v5/flows/log", json={"id": flow["id"], "output": name}).json()
                made[name] = (f"/evaluations/{evaluation['id']}", f"/logs/{log['id']}")
        for name, other in (("red", "blue"), ("blue", "red")):
            with httpx.Client(base_url=url, timeout=240, follow_redirects=True) as browser:
                first = browser.post("/", data={"key": keys[f"{name} reader"]})
                assert f"Of {name}" in first.text
                assert f"Of {other}" not in first.text
                assert [browser.get(path).status_code for path in made[name]] == [200, 200]
                assert [browser.get(path).status_code for path in made[other]] == [404, 404]
                assert browser.get(f"{made[other][0]}/document", params={"name": "list_runs"}).status_code == 404
