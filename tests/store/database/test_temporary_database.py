"""A temporary database: each is its own, and the threads of its process share it."""

import threading

from evals_mcp.store.files.files import FileChange
from evals_mcp.store.store import open_temporary_store


def test_two_of_them_are_apart() -> None:
    """Each opening begins with an empty workspace."""
    first, second = open_temporary_store(), open_temporary_store()
    first.files.upsert("flow", None, "f", {"attributes": {}}, FileChange())
    assert (first.files.page().total, second.files.page().total) == (1, 0)
    first.close()
    second.close()


def test_threads_take_turns() -> None:
    """What each thread writes is in the one database that all of them see."""
    store = open_temporary_store()

    def write(number: int) -> None:
        store.files.upsert("flow", None, f"f{number}", {"attributes": {}}, FileChange())

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.files.page().total == 8
    store.close()
