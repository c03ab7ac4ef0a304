"""A real PgBouncer before a PostgreSQL server, in transaction mode, with few connections to the server."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
from sqlalchemy.engine import URL, make_url

PROGRAM = "pgbouncer"


@contextmanager
def pooled(server: str, folder: Path, connections: int = 3) -> Iterator[str]:
    """The address of a pooler of a server on this machine, with so many connections for each database and user.

    The pooler lets everybody in whom the server knows. Its files are in the folder.
    """
    url = make_url(server)
    user = url.username or "postgres"
    configuration = f"""[databases]
* = host={url.query.get("host") or url.host} port={url.port or 5432} auth_user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = 6432
unix_socket_dir =
auth_type = trust
auth_file = {folder}/userlist.txt
auth_query = SELECT usename, passwd FROM pg_shadow WHERE usename = $1
pool_mode = transaction
default_pool_size = {connections}
max_client_conn = 1000
server_login_retry = 1
query_wait_timeout = 30
"""
    with running_pooler(configuration, url, folder) as address:
        yield address


@contextmanager
def running_pooler(configuration: str, url: URL, folder: Path, password: str = "") -> Iterator[str]:
    """The address of a pooler with this configuration, but for its port, which is one that is free.

    It reads the user of the server's address, with a password, from `userlist.txt` in the folder.
    """
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    folder.mkdir(parents=True, exist_ok=True)
    user = url.username or "postgres"
    (folder / "userlist.txt").write_text(f'"{user}" "{password}"\n')
    (folder / "pgbouncer.ini").write_text(configuration.replace("listen_port = 6432", f"listen_port = {port}"))
    arguments = [_program(), str(folder / "pgbouncer.ini")]
    if os.geteuid() == 0:  # it refuses to run as root, and must reach the socket of the server
        owner = Path(str(url.query["host"])).owner() if "host" in url.query else "nobody"
        arguments[1:1] = ["-u", owner]
        for path in (folder, folder / "userlist.txt", folder / "pgbouncer.ini"):
            shutil.chown(path, owner)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(arguments, stdout=log, stderr=log)
    try:
        query = {"application_name": "pooled"}  # as the server's address, it has a query
        name = "evals" if "\nevals = " in configuration else url.database or "postgres"
        place = URL.create("postgresql", user, password or url.password, "127.0.0.1", port, name, query)
        address = place.render_as_string(hide_password=False)
        _wait(address, process, folder / "log")
        yield address
    finally:
        process.kill()  # asked to end, newer versions wait for their clients
        process.wait()


def is_installed() -> bool:
    """Whether the program is there."""
    return shutil.which(PROGRAM, path=_PATH) is not None


_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"


def _program() -> str:
    found = shutil.which(PROGRAM, path=_PATH)
    if found is None:
        raise FileNotFoundError(f"{PROGRAM} is not installed: apt-get install {PROGRAM}")
    return found


def _wait(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            psycopg.connect(address, connect_timeout=10).close()
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline or process.poll() is not None:
                raise AssertionError(f"{error}\n{log.read_text()}") from error
            time.sleep(0.05)
        else:
            return
