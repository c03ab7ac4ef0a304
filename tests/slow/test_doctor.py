"""`evals-mcp doctor` as a person runs it: real servers, asked over real stdio in both eras and as hosts start them."""

import json
import shutil
import sys
from pathlib import Path

from tests.e2e.stdio import SERVER, run_program

from evals_mcp.tools import TOOLS


def test_a_set_up_that_works_has_nothing_wrong(tmp_path: Path, sample_database: Path) -> None:
    """Each line says what works, with times; the hosts' servers start with what their configuration has."""
    database = str(shutil.copy(sample_database, tmp_path / "evals.db"))
    variables = {"HOME": str(tmp_path), "EVALS_MCP_DATABASE": database}
    done = run_program(["setup", "gemini", "codex", "--yes", "--env", "EVALS_MCP_DATABASE"], **variables)
    assert done.returncode == 0, done.stderr
    gemini = tmp_path / ".gemini" / "settings.json"
    configured = json.loads(gemini.read_text())
    configured["mcpServers"]["evals"]["env"]["PYTHONPATH"] = str(SERVER)
    gemini.write_text(json.dumps(configured))
    codex = tmp_path / ".codex" / "config.toml"
    codex.write_text(codex.read_text() + f'PYTHONPATH = "{SERVER}"\n')
    checked = run_program(["doctor"], **variables)
    assert (checked.returncode, checked.stderr) == (0, "")
    lines = checked.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["ok"] * 8 + ["Nothing"]
    assert f"protocol 2025-11-25: {len(TOOLS)} tools (first answer " in lines[4]
    assert f"protocol 2026-07-28: {len(TOOLS)} tools (first answer " in lines[5]
    assert f"starts, {len(TOOLS)} tools (handshake " in lines[6]


def test_what_is_wrong_has_a_line_and_a_status(tmp_path: Path) -> None:
    """A host whose server ends at once says what that server said last; as JSON, too."""
    program = tmp_path / "evals-mcp"
    program.write_text(f"#!{sys.executable}\nraise SystemExit('no such module')\n")
    program.chmod(0o755)
    (tmp_path / ".cursor").mkdir()
    (tmp_path / ".cursor" / "mcp.json").write_text(json.dumps({"mcpServers": {"evals": {"command": str(program)}}}))
    checked = run_program(["doctor", "--json"], HOME=str(tmp_path), EVALS_MCP_MAX_TOKENS="many")
    assert (checked.returncode, checked.stderr) == (1, "")
    report = json.loads(checked.stdout)
    assert report["ok"] is False
    wrong = {item["check"]: item["message"] for item in report["checks"] if item["state"] == "wrong"}
    assert set(wrong) == {"settings", "Cursor"}
    assert "EVALS_MCP_MAX_TOKENS must be a whole number" in wrong["settings"]
    assert wrong["Cursor"].endswith(f"{program} does not start: no such module")


def test_a_home_folder_that_does_not_exist_is_wrong(tmp_path: Path) -> None:
    """The rest is checked nevertheless, of a server the database that its file names."""
    file = tmp_path / "serve.toml"
    file.write_text('database = "/nonexistent/evals.db"\n')
    checked = run_program(["doctor", "--config", str(file)])
    assert checked.returncode == 1
    assert "database       /nonexistent/evals.db " in checked.stdout
    assert "The home folder /nonexistent does not exist." in checked.stdout
    assert "protocol 2026-07-28" in checked.stdout
