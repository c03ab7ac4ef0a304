"""What runs a server: the unit of systemd, the compose file, and the example of a configuration."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from evals_mcp.cli.main import build_parser
from evals_mcp.serving.configuration import read_configuration

ROOT = Path(__file__).resolve().parents[1]
UNIT = (ROOT / "deploy" / "evals-mcp.service").read_text(encoding="utf-8")
BACKUP = (ROOT / "deploy" / "evals-mcp-backup.service").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVING = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
_PROGRAM = "/opt/evals-mcp/bin/evals-mcp"
_MOST_EXPOSED = 1.5
"""Of 10, as `systemd-analyze security` counts; it calls up to 2 OK and above 5 medium."""


def _unit_here(folder: Path, text: str = UNIT, name: str = "evals-mcp.service") -> Path:
    """A unit, with a program that is there."""
    unit = folder / name
    unit.write_text(text.replace(_PROGRAM, "/bin/true"), encoding="utf-8")
    return unit


def _systemd(*arguments: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("text", [UNIT, BACKUP], ids=["server", "backup"])
def test_the_unit_is_one_that_systemd_takes(tmp_path: Path, text: str) -> None:
    """Without a warning, and with hardly anything that an attacker could use."""
    unit = str(_unit_here(tmp_path, text))
    verified = _systemd("verify", "--man=no", unit)
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    secured = _systemd("security", "--offline=true", "--no-pager", unit)
    (exposure,) = re.findall(r"Overall exposure level for \S+: ([\d.]+)", secured.stdout)
    assert float(exposure) <= _MOST_EXPOSED


def test_the_unit_starts_reloads_and_restarts_the_server() -> None:
    """As a user of its own, who writes to its own folder alone; all that it names is there."""
    (started,) = re.findall(rf"^ExecStart={_PROGRAM} (.+)$", UNIT, re.MULTILINE)
    parsed = build_parser().parse_args(started.split())
    assert parsed.config == "/etc/evals-mcp/serve.toml"
    for line in ("User=evals-mcp", "ExecReload=/bin/kill -HUP $MAINPID", "Restart=on-failure", "ProtectSystem=strict"):
        assert f"\n{line}\n" in UNIT
    (folder,) = re.findall(r"^StateDirectory=(.+)$", UNIT, re.MULTILINE)
    example = tomllib.loads((ROOT / "deploy" / "serve.toml").read_text(encoding="utf-8"))
    assert example["database"] == f"/var/lib/{folder}/evals.db"
    assert (ROOT / "deploy" / "evals-mcp.sysusers").read_text(encoding="utf-8").count("\nu evals-mcp ") == 1


def test_a_backup_each_night_is_one_of_what_is_served(tmp_path: Path) -> None:
    """By the same user, with the server's own file, and with the same protection; it writes to one folder more."""
    (started,) = re.findall(rf"^ExecStart={_PROGRAM} (.+)$", BACKUP, re.MULTILINE)
    parsed = build_parser().parse_args(started.split())
    assert (parsed.config, parsed.keep) == ("/etc/evals-mcp/serve.toml", 14)
    assert f"\nReadWritePaths={parsed.to}\n" in BACKUP
    of_server = {
        "ExecStart",
        "ExecReload",
        "KillMode",
        "TimeoutStopSec",
        "Restart",
        "RestartSec",
        "LimitNOFILE",
        "Type",
    }
    lines = UNIT.partition("[Service]")[2].partition("[Install]")[0].splitlines()
    shared = [line for line in lines if "=" in line and line[0] != "#" and line.partition("=")[0] not in of_server]
    assert [line for line in shared if line not in BACKUP.splitlines()] == []
    timer = (ROOT / "deploy" / "evals-mcp-backup.timer").read_text(encoding="utf-8")
    _unit_here(tmp_path, BACKUP, "evals-mcp-backup.service")
    verified = _systemd("verify", "--man=no", str(_unit_here(tmp_path, timer, "evals-mcp-backup.timer")))
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")


def test_the_example_of_a_configuration_is_one(tmp_path: Path) -> None:
    """As it is, and with every line that is commented out."""
    text = (ROOT / "deploy" / "serve.toml").read_text(encoding="utf-8")
    whole = re.sub(r"^# (?=\w+ = )", "", text, flags=re.MULTILINE).replace("…", "x" * 16)
    assert whole.count("\n# ") < text.count("\n# ")
    for number, content in enumerate((text, whole)):
        path = tmp_path / f"{number}.toml"
        path.write_text(content, encoding="utf-8")
        options = read_configuration({}, {}, str(path)).options
        assert (options.log_format, options.workers) == ("json", 2 if number else None)


def test_compose_has_no_secret_and_no_right_that_is_not_needed() -> None:
    """Secrets come from outside, and nothing starts without them; the server waits for a healthy database."""
    database, server = (COMPOSE["services"][name] for name in ("database", "serve"))
    for service in (database, server):
        for name, value in service["environment"].items():
            if re.search("PASSWORD|TOKEN", name):
                assert re.fullmatch(r"\$\{\w+:[-?].*\}", value), name
        assert service["restart"] == "unless-stopped"
    assert re.fullmatch(r"docker\.io/library/postgres:\d+\.\d+-\w+", database["image"])
    assert "@" in server["environment"]["EVALS_MCP_DATABASE"]
    assert ":" not in server["environment"]["EVALS_MCP_DATABASE"].partition("://")[2].partition("@")[0]
    assert server["depends_on"]["database"]["condition"] == "service_healthy"
    assert database["healthcheck"]["test"][1] == "pg_isready"
    assert (server["read_only"], server["cap_drop"]) == (True, ["ALL"])
    assert server["security_opt"] == ["no-new-privileges:true"]
    assert server["ports"] == ["127.0.0.1:8421:8421"]
    assert "database" in COMPOSE["volumes"]
    assert ".env" in (ROOT / ".gitignore").read_text().splitlines()
    assert build_parser().parse_args(server["command"]).host == "0.0.0.0"


def test_the_documentation_says_how_to_install_both() -> None:
    """With the files that are there."""
    service = SERVING.split("## As a service")[1].split("\n## ")[0]
    for words in ("deploy/evals-mcp.service", "deploy/evals-mcp.sysusers", "deploy/serve.toml", "systemctl reload"):
        assert words in service
    compose = SERVING.split("## With compose")[1].split("\n## ")[0]
    for words in ("POSTGRES_PASSWORD", ".env", "docker compose run", "docker compose up"):
        assert words in compose
