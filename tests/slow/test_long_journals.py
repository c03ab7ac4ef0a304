"""A long journal in a terminal: `evals-mcp journal` turns pages."""

from contextlib import closing
from pathlib import Path

import pytest

from evals_mcp.cli.main import main
from evals_mcp.store.database.tables import journal
from evals_mcp.store.store import open_store


@pytest.mark.parametrize(("writes", "limit", "listed"), [(5, 2_000, 5), (2_500, 2_000, 2_000), (2_500, 9_000, 2_500)])
def test_each_write_is_listed_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], writes: int, limit: int, listed: int
) -> None:
    """Whether the last page is full, the list ends there or within the limit."""
    path = str(tmp_path / "evals.db")
    with closing(open_store(path)) as store, store.database.write() as connection:
        entry = {"created_at": store.database.now(), "key_id": "", "kind": "create_log", "result": {}}
        rows = [{**entry, "tag": f"{number:08x}", "subject": f"log_{number}"} for number in range(writes)]
        connection.execute(journal.insert(), rows)
    with pytest.raises(SystemExit) as ended:
        main(["journal", "--from", path, "--limit", str(limit)])
    assert ended.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert (len(lines), len(set(lines))) == (listed, listed)
