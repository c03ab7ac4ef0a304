"""What a shell suggests behind a line; tests/slow has the shells."""

import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from argcomplete.finders import CompletionFinder
from tests.e2e.in_process import run
from tests.e2e.stdio import environ

from evals_mcp.cli.main import build_parser
from evals_mcp.hosts.known import HOSTS
from evals_mcp.tools import TOOLS

SAMPLE = "Which prompt answers tickets"


def suggested(line: str, **variables: str) -> set[str]:
    """The last words that a shell would show, without its escapes."""
    with patch.dict(os.environ, environ(**variables), clear=True):
        return set(_suggested(line))


def _suggested(line: str) -> Iterator[str]:
    finder = CompletionFinder(build_parser(), always_complete_options=False)
    number, before = 0, line[: line.rfind(" ") + 1]
    while (words := finder.rl_complete(line, number)) is not None:
        yield words.removeprefix(before).replace("\\", "").strip(" '")
        number += 1


def test_commands_tools_and_hosts_are_suggested() -> None:
    """Each begins with what is typed."""
    assert suggested("c") == {"call", "check", "completion", "copy"}
    assert suggested("call ") == {tool.name for tool in TOOLS}
    assert suggested("call list_r") == {"list_runs"}
    assert suggested("setup ") == {host.key for host in HOSTS}
    assert suggested("setup codex --env EVALS_MCP_D") == {"EVALS_MCP_DATABASE="}
    assert suggested("completion ") == {"bash", "zsh", "fish"}


def test_arguments_of_a_tool_are_suggested_with_their_values() -> None:
    """Names end in =; what takes few values suggests them; an unknown tool suggests nothing."""
    assert suggested("call list_runs ev") == {"evaluation=", "evaluator="}
    assert "show=ranking" in suggested("call list_runs show=")
    assert suggested("call import_results dry_run=") == {"dry_run=true", "dry_run=false"}
    assert suggested("call list_runz ev") == set()


def test_names_in_the_data_are_suggested(sample_database: Path) -> None:
    """Of evaluations and, behind one, of its runs, for tools and for commands."""
    database = {"EVALS_MCP_DATABASE": str(sample_database)}
    runs = {"v1-baseline", "v2-concise", "v3-policy-quotes"}
    assert suggested("call list_runs evaluation=Wh", **database) == {f"evaluation={SAMPLE}"}
    assert suggested(f"call compare_runs 'evaluation={SAMPLE}' candidates=", **database) == {
        f"candidates={run}" for run in runs
    }
    for command in ("export", "check", "report"):
        assert suggested(f"{command} W", **database) == {SAMPLE}
    assert suggested(f"report '{SAMPLE}' --run v2-concise --run ", **database) == runs
    assert suggested(f"report '{SAMPLE}' --baseline ", **database) == runs
    assert suggested(f"--database {sample_database} check '{SAMPLE}' --candidate ") == runs


def test_names_are_those_of_the_database_of_the_command(sample_database: Path, tmp_path: Path) -> None:
    """Also where only the file of a server names it."""
    file = tmp_path / "serve.toml"
    file.write_text(f'database = "{sample_database}"\n', encoding="utf-8")
    for named in (f"--config {file}", f"--database {sample_database}"):
        assert suggested(f"retention {named} --older-than 1d --keep W") == {SAMPLE}
    assert suggested(f"retention --config {tmp_path / 'none.toml'} --keep W") == set()
    assert "--config" in suggested("retention --con")


@pytest.mark.parametrize(
    "variables", [{"EVALS_MCP_DATABASE": "missing.db"}, {"EVALS_MCP_MAX_TOKENS": "x"}, {"HUMANLOOP_BASE_URL": "x"}]
)
def test_where_nothing_can_be_read_nothing_is_suggested(variables: dict[str, str]) -> None:
    """No error in the middle of a line, and no file."""
    assert suggested("call list_runs evaluation=", **variables) == set()
    assert not Path("missing.db").exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_code(shell: str) -> None:
    """tests/slow runs it in the shells."""
    ended = run(["completion", shell])
    assert (ended.status, ended.stderr) == (0, "")
    assert "evals-mcp" in ended.stdout
