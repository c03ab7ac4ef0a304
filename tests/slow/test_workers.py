"""`serve` with several processes: what they share, how they are replaced, and what is lost when they are killed."""

import os
import pty
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.killed_workers import KilledWorkers
from tests.killed_writers import check_writes, write_while_killed
from tests.serving.administration import create_key, create_workspace, revoke_key
from tests.serving.mcp_clients import message
from tests.serving.server_process import ServerProcess, Supervised

from evals_mcp.store.database.meter import Limits
from evals_mcp.store.store import open_store
from evals_mcp.store.teams.control import open_control

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it has neither these signals nor terminals")

Start = Callable[..., Supervised]
_READ_AGAIN = "The configuration was read again"
_DATABASE = ["database_address"]
_PIPE = "a pipe"
_MINDS_SIGHUP = (
    "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
)
"""Starts a command as a terminal would, also where these tests themselves run under `nohup`."""


def _workspace_of(address: str) -> list[str]:
    """The arguments that name the workspace of a database, which is made first."""
    if "://" not in address:
        return []
    create_workspace(address, "red")
    return ["--workspace", "red"]


def _serve(supervised: Start, address: str, workers: int, *more: str) -> Supervised:
    arguments = ("--database", address, "--port", "0", "--workers", str(workers), *_workspace_of(address), *more)
    server = supervised(*arguments)
    server.wait_for_workers(workers)
    return server


class _Load:
    """Clients that read and write without a pause. Each answer but 200, and each lost connection, is a failure."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._ended = threading.Event()
        self.failures: list[str] = []
        self.answers = 0

    def work(self, number: int) -> None:
        """Send requests, over one connection or each over its own, until the end."""
        keeps = number % 2 == 0
        with httpx.Client(base_url=self._url, timeout=240, verify=False) as client:
            turn = 0
            while not self._ended.is_set():
                turn += 1
                headers = {} if keeps else {"Connection": "close"}
                body = {"path": "bot", "output": f"{number}-{turn}"}
                try:
                    read = client.get("/v5/flows", headers=headers)
                    written = client.post("/v5/flows/log", json=body, headers=headers)
                except httpx.TransportError as error:
                    self.failures.append(repr(error))
                    continue
                self.failures += [answer.text for answer in (read, written) if answer.status_code != 200]
                self.answers += 2
                time.sleep(0.03)  # else this load takes the processors from what starts

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Six clients work meanwhile."""
        httpx.post(
            f"{self._url}/v5/flows", json={"path": "bot", "attributes": {"a": 1}}, timeout=240
        ).raise_for_status()
        with ThreadPoolExecutor(6) as pool:
            working = [pool.submit(self.work, number) for number in range(6)]
            try:
                yield
            finally:
                self._ended.set()
            for each in working:
                each.result()


@pytest.mark.parametrize(("database_address", "workers"), [("sqlite", 1), ("postgresql", 2)], indirect=_DATABASE)
def test_a_reload_under_load_refuses_no_request(supervised: Start, database_address: str, workers: int) -> None:
    """Twice: new processes serve before the old ones finish, and then only they are there."""
    server = _serve(supervised, database_address, workers)
    load = _Load(server.url)
    with load.going_on():
        for number in range(2):
            before = set(server.workers())
            server.signal(signal.SIGHUP)
            server.wait_for(_READ_AGAIN, number + 1)
            server.wait_for_workers(workers)
            assert before.isdisjoint(server.workers())
    assert load.failures == []
    assert load.answers > 50


def test_a_new_configuration_holds_after_a_reload_and_a_wrong_one_never(supervised: Start, tmp_path: Path) -> None:
    """The server goes on as it was, and says why: a word that is no setting, no file, a pipe to which nobody writes, a
    database that cannot be."""
    file = tmp_path / "serve.toml"
    good = f'database = "{tmp_path / "evals.db"}"\nport = 0\n'
    file.write_text(good, encoding="utf-8")
    server = supervised("--config", str(file))
    flow = {"path": "bot", "attributes": {"a": 1}}
    assert httpx.post(f"{server.url}/v5/flows", json=flow, timeout=240).status_code == 200
    wrong = (
        ("red_only = true", "Did you mean read_only?"),
        (None, "cannot be read"),
        (_PIPE, "is a pipe"),
        (f'database = "{tmp_path}"', "is a folder"),
        ('database = "postgresql://ann:hunter2@127.0.0.1:1/none"', "cannot be reached"),
    )
    for number, (text, told) in enumerate(wrong, 1):
        _put(file, text)
        server.signal(signal.SIGHUP)
        server.wait_for("The server goes on as it was", number)
        assert told in next(line for line in reversed(server.lines) if "goes on as it was" in line)
        assert httpx.post(f"{server.url}/v5/flows", json=flow, timeout=240).status_code == 200
    _put(file, f"{good}read_only = true\nworkers = 2\nroot_path = '/evals'\n")
    server.signal(signal.SIGHUP)
    server.wait_for(_READ_AGAIN)
    server.wait_for_workers(2)
    assert httpx.post(f"{server.url}/evals/v5/flows", json=flow, timeout=240).status_code == 403
    assert httpx.get(f"{server.url}/evals/v5/flows", timeout=240).status_code == 200
    assert "hunter2" not in "\n".join(server.lines)
    _put(file, _PIPE)
    server.signal(signal.SIGHUP)
    server.signal(signal.SIGTERM)
    assert server.ended() == 0


def _put(file: Path, text: str | None) -> None:
    """Let a file have a text, be a pipe, or not be there."""
    file.unlink(missing_ok=True)
    if text == _PIPE:
        os.mkfifo(file)
    elif text is not None:
        file.write_text(text, encoding="utf-8")


def test_a_configuration_from_a_pipe_is_served_until_the_end(tmp_path: Path) -> None:
    """As `--config <(…)`: it holds although it can be read only once, which a reload says."""
    reading, writing = os.pipe()
    os.write(writing, f'database = "{tmp_path / "evals.db"}"\nport = 0\nread_only = true\n'.encode())
    os.close(writing)
    with Supervised("--config", f"/dev/fd/{reading}", pass_fds=(reading,)) as server:
        os.close(reading)
        server.signal(signal.SIGHUP)
        server.wait_for("is a pipe")
        flow = {"path": "bot", "attributes": {"a": 1}}
        assert httpx.post(f"{server.url}/v5/flows", json=flow, timeout=240).status_code == 403
        server.signal(signal.SIGTERM)
        assert server.ended() == 0


def test_what_is_read_again_is_served_where_the_server_listens(supervised: Start, tmp_path: Path) -> None:
    """Another host in the file means nothing until a restart: also not that a database without keys is for all."""
    file, database, without = tmp_path / "serve.toml", tmp_path / "keys.db", tmp_path / "without.db"
    create_key(str(database), None, "ann")
    file.write_text(f'database = "{database}"\nport = 0\nhost = "0.0.0.0"\n', encoding="utf-8")
    server = supervised("--config", str(file))
    file.write_text(f'database = "{without}"\nport = 0\n', encoding="utf-8")
    server.signal(signal.SIGHUP)
    server.wait_for("With the new configuration: Without API keys")
    url = server.url.replace("0.0.0.0", "127.0.0.1")
    assert httpx.get(f"{url}/v5/flows", timeout=240).status_code == 401
    assert any("Host and port stay as they are" in line for line in server.lines)


def test_a_server_without_a_file_and_workers_says_that_it_has_nothing_to_read(
    supervised: Start, tmp_path: Path
) -> None:
    """It goes on, and has no other processes."""
    server = supervised("--database", str(tmp_path / "evals.db"), "--port", "0")
    server.signal(signal.SIGHUP)
    server.wait_for("nothing to read again")
    assert httpx.get(f"{server.url}/ready", timeout=240).status_code == 200
    assert server.workers() == []


@pytest.mark.parametrize("more", [[], ["--workers", "1"]])
def test_a_server_whose_terminal_is_closed_ends(tmp_path: Path, more: list[str]) -> None:
    """That sends SIGHUP, too, and nobody could stop the server any more."""
    ours, theirs = pty.openpty()
    arguments = ["-c", _MINDS_SIGHUP, sys.executable, "-m", "evals_mcp", "serve", "--port", "0"]
    arguments += ["--database", str(tmp_path / "a.db"), *more]
    with ServerProcess(arguments, stdin=theirs, start_new_session=True) as server:
        os.close(theirs)
        os.close(ours)
        server.process.send_signal(signal.SIGHUP)
        assert server.ended() == 0


def test_a_worker_that_dies_is_replaced_and_told(supervised: Start, tmp_path: Path) -> None:
    """The other one answers meanwhile."""
    server = _serve(supervised, str(tmp_path / "evals.db"), 2)
    httpx.get(f"{server.url}/ready", timeout=240).raise_for_status()
    for number in range(2):
        before = server.workers()
        os.kill(before[0], signal.SIGKILL)
        server.wait_for("ended by signal 9. Another one starts", number + 1)
        server.wait_for_workers(2)
        assert before[0] not in server.workers()
    assert all(httpx.get(f"{server.url}/ready", timeout=240).status_code == 200 for _ in range(10))


def test_a_worker_that_hangs_is_replaced_and_told(supervised: Start, tmp_path: Path) -> None:
    """It lives, and takes no turn. The others answer. One that hangs as it starts holds up no reload for ever."""
    code = (
        "from evals_mcp.serving.options import ServeOptions; from evals_mcp.serving.supervisor import supervise; "
        f"options = ServeOptions({str(tmp_path / 'evals.db')!r}, port=0, workers=2, largest_body=1000); "
        "supervise(options, lambda: options, 5)"
    )
    server = supervised(code=code)
    server.wait_for_workers(2)
    first = server.workers()[0]
    os.kill(first, signal.SIGSTOP)
    server.wait_for(f"Worker {first}: did not answer for 5 s, and was killed. Another one starts")
    server.wait_for_workers(2)
    assert first not in server.workers()
    assert all(httpx.get(f"{server.url}/ready", timeout=240).status_code == 200 for _ in range(10))
    before = set(server.workers())
    server.signal(signal.SIGHUP)
    os.kill(_newcomer(server, before), signal.SIGSTOP)
    server.wait_for("With the new configuration: did not answer for 5 s, and was killed")
    assert before <= set(server.workers())
    server.signal(signal.SIGHUP)
    server.wait_for(_READ_AGAIN)


def _newcomer(server: Supervised, before: set[int]) -> int:
    """The worker that was not there before, as soon as it is."""
    give_up = time.monotonic() + 240
    while not (new := set(server.workers()) - before):
        assert time.monotonic() < give_up
        assert server.process.poll() is None
    return new.pop()


def test_a_worker_that_cannot_be_started_is_tried_again(supervised: Start, tmp_path: Path) -> None:
    """The system has no file left for it. Those that there are go on, and the server ends with nothing."""
    resource = pytest.importorskip("resource")
    server = _serve(supervised, str(tmp_path / "evals.db"), 2)
    server.wait_for_workers(2)
    limits = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (6, limits[1]))
    os.kill(server.workers()[0], signal.SIGKILL)
    server.wait_for("No process can be started: Too many open files. The server tries again in")
    assert httpx.get(f"{server.url}/ready", timeout=240).status_code == 200
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, limits)
    server.wait_for_workers(2)


def test_processes_count_requests_and_refusals_together(supervised: Start, tmp_path: Path) -> None:
    """Exactly as many as the limit says, also with one that is killed, and its successor; wrong keys alike."""
    address = str(tmp_path / "evals.db")
    secret = create_key(address, None, "ann").secret
    with closing(open_control(address)) as control:
        control.limit_workspace("default", Limits(requests=40))
    server = _serve(supervised, address, 2)
    with httpx.Client(base_url=server.url, headers={"Connection": "close"}, timeout=240) as client:

        def read(key: str, count: int) -> list[int]:
            return [client.get("/v5/flows", headers={"X-API-KEY": key}).status_code for _ in range(count)]

        for number in range(1, 4):
            begun = time.monotonic()
            before = read(secret, 20)
            os.kill(server.workers()[0], signal.SIGKILL)
            server.wait_for("ended by signal 9. Another one starts", number)
            server.wait_for_workers(2)
            afterwards = read(secret, 25)
            if time.monotonic() - begun < 60:
                break
            time.sleep(61)  # on a slow machine, the minute was over meanwhile
        assert before == [200] * 20
        assert afterwards == [200] * 20 + [429] * 5
        begun = time.monotonic()
        assert read("wrong", 12) == [401] * 12
        assert time.monotonic() - begun > 2


@pytest.mark.parametrize(
    ("database_address", "number"), [("sqlite", signal.SIGINT), ("postgresql", signal.SIGTERM)], indirect=_DATABASE
)
def test_a_signal_ends_all_after_they_have_finished(
    supervised: Start, database_address: str, number: signal.Signals
) -> None:
    """Requests whose bodies are still on their way are answered; nothing of the server is left."""
    server = _serve(supervised, database_address, 2)
    begun, go_on = threading.Barrier(5), threading.Event()

    def body() -> Iterator[bytes]:
        yield b'{"path": "bot", "attributes": {"a": '
        begun.wait(240)
        go_on.wait(240)
        yield b"1}}"

    def send() -> int:
        headers = {"Content-Type": "application/json"}
        return httpx.post(f"{server.url}/v5/flows", content=body(), headers=headers, timeout=240).status_code

    with ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(send) for _ in range(4)]
        begun.wait(240)
        _until_taken(server, 4)
        workers = server.workers()
        server.signal(number)
        time.sleep(0.5)
        go_on.set()
        assert [each.result() for each in sent] == [200] * 4
    assert server.ended() == 0
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)


def _until_taken(server: Supervised, count: int) -> None:
    """Wait until so many connections are accepted, and what was sent is read: only then does a worker finish them."""
    port = f":{int(server.url.rpartition(':')[2]):04X} "
    give_up = time.monotonic() + 240
    while True:
        rows = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()
        ours = [row.split() for row in rows if port in " ".join(row.split()[1:2]) + " " and row.split()[3] == "01"]
        if sum(row[9] != "0" and row[4].endswith(":00000000") for row in ours) >= count:
            return
        assert time.monotonic() < give_up
        time.sleep(0.05)


def test_what_is_wrong_at_the_start_ends_it_with_the_sentence(tmp_path: Path) -> None:
    """As with one process: nothing is left, and there is no first line."""
    command = [sys.executable, "-m", "evals_mcp", "serve", "--workers", "2", "--port", "0"]
    no_text = tmp_path / os.fsdecode(b"\xff")
    no_text.mkdir()
    for more, told in (
        (["--database", str(tmp_path)], "is a folder"),
        (["--database", str(no_text)], "is a folder"),
        (["--database", str(tmp_path / "evals.db"), "--host", "0.0.0.0"], "keys create"),
        (["--database", str(tmp_path / "evals.db"), "--root-path", "/v5"], "root path"),
    ):
        ended = subprocess.run([*command, *more], capture_output=True, text=True, timeout=120)
        assert (ended.returncode, told in ended.stderr, "serving on" in ended.stderr) == (1, True, False)
        assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("more", [[], ["--workers", "1"]])
def test_few_files_are_told(tmp_path: Path, more: list[str]) -> None:
    """After the first line, with what to do; a server for which there are too few does not start."""

    def limited(files: int) -> list[str]:
        command = [sys.executable, "-m", "evals_mcp", "serve", "--port", "0", "--database", str(tmp_path / "a.db")]
        return ["-c", f"ulimit -n {files} && exec {shlex.join([*command, *more])}"]

    ended = subprocess.run(["sh", *limited(20)], capture_output=True, text=True, timeout=120)
    assert ended.stderr.startswith("evals-mcp: The system lets a process open 20 files, too few for")
    with ServerProcess(limited(64), "sh") as server:
        server.wait_for("open 64 files, so each has room for 8 connections at once. Allow 1,100: ")
        assert httpx.get(f"{server.url}/ready", timeout=60).status_code == 200
        server.process.terminate()
        assert server.ended() == 0


def test_processes_know_what_the_others_write(supervised: Start, database_address: str) -> None:
    """Figures that one has in its memory follow the writes of the other, and a revoked key ends everywhere."""
    workspace = _workspace_of(database_address)
    secret = create_key(database_address, workspace[-1] if workspace else None, "ann").secret
    server = supervised("--database", database_address, "--port", "0", "--workers", "2")
    server.wait_for_workers(2)
    headers = {"X-API-KEY": secret, "Connection": "close"}
    with httpx.Client(base_url=f"{server.url}/v5", headers=headers, timeout=240) as client:
        client.post("/flows", json={"path": "bot", "attributes": {"a": 1}}).raise_for_status()
        spec = {"arguments_type": "target_free", "return_type": "boolean", "evaluator_type": "external"}
        client.post("/evaluators", json={"path": "judge", "spec": spec}).raise_for_status()
        body: dict[str, Any] = {"file": {"path": "bot"}, "name": "shared", "evaluators": [{"path": "judge"}]}
        evaluation = client.post("/evaluations", json=body).json()["id"]
        run = client.post(f"/evaluations/{evaluation}/runs", json={"version": {"path": "bot"}}).json()["id"]
        for number in range(1, 21):
            log = client.post("/flows/log", json={"path": "bot", "run_id": run, "output": str(number)}).json()["id"]
            judgment = {"path": "judge", "parent_id": log, "judgment": number % 2 == 0}
            client.post("/evaluators/log", json=judgment).raise_for_status()
            for _ in range(4):
                (stats,) = client.get(f"/evaluations/{evaluation}/stats").json()["run_stats"]
                assert stats["num_logs"] == number
        revoke_key(database_address, "ann")
        time.sleep(3)
        assert {client.get("/flows").status_code for _ in range(20)} == {401}


def test_a_question_of_one_process_is_answered_to_another(supervised: Start, sample_copy: Path) -> None:
    """Whether to undo: the host sends the call again, with the answer, to whichever process takes it."""
    create_key(str(sample_copy), None, "ann")
    secret = create_key(str(sample_copy), None, "bob").secret
    server = _serve(supervised, str(sample_copy), 2)
    with httpx.Client(timeout=240, headers={"X-API-KEY": secret, "Connection": "close"}) as client:
        for number in range(4):
            about = {"evaluation": f"New {number}", "datapoints": ['{"inputs":{"q":1}}'], "model": "m"}
            body, headers = message("2026-07-28", "tools/call", name="set_up_run", arguments=about)
            written = client.post(f"{server.url}/mcp", json=body, headers=headers).json()["result"]
            handle = written["content"][0]["text"].splitlines()[-1].split('"')[1]
            call = {"name": "undo", "arguments": {"write": handle}}
            body, headers = message("2026-07-28", "tools/call", **call)
            body["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] = {"elicitation": {"form": {}}}
            asked = client.post(f"{server.url}/mcp", json=body, headers=headers).json()["result"]
            assert asked["resultType"] == "input_required"
            (name,) = asked["inputRequests"]
            accepted = {name: {"action": "accept", "content": {name: True}}}
            body["params"] |= {"inputResponses": accepted, "requestState": asked["requestState"]}
            done = client.post(f"{server.url}/mcp", json=body, headers=headers).json()["result"]
            assert done["content"][0]["text"].startswith("Undone: ")


def test_killed_workers_and_supervisors_lose_no_write_and_leave_nothing(database_address: str) -> None:
    """Every acknowledged write is there once; what served without a supervisor ends, and its port is free."""
    address, schema = database_address, None
    if "://" in address:
        create_workspace(address, "killed")
        schema = "evals_mcp_killed"
    servers: list[KilledWorkers] = []

    def start(address: str, workspace: str) -> KilledWorkers:
        servers.append(KilledWorkers(address, workspace))
        return servers[0]

    outcome = write_while_killed(address, 0, "killed" if schema else "", start=start, least_kills=4)
    assert not [failure for failure in outcome.failures if "Internal error" in failure], outcome.failures
    with closing(open_store(address, schema)) as store:
        check_writes(store, outcome)
    assert servers[0].killed_supervisors >= 2
    assert len(outcome.acknowledged) > 10
