"""The official conformance suite of MCP, run at an address."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
_SUITE = FOLDER / "node_modules" / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
_REPORT = re.compile(r"server-(.+)-\d{4}-\d\d-\d\dT[\dZ-]+")

_PATIENT = ("--timeout", "240000")
"""Milliseconds for each scenario: by default it has 30 s, which a slow machine may need."""

Checks = list[dict[str, Any]]
"""The checks of a scenario, each with its `id`, its `status`, and an `errorMessage` if it failed."""


def run_suite(node: str, url: str, folder: Path, *selection: str) -> dict[str, Checks]:
    """The checks of each scenario of a selection, by its name, at a server's `/mcp`. Reports are kept in a folder."""
    command = [node, str(_SUITE), "server", "--url", f"{url}/mcp", "-o", str(folder), *_PATIENT, *selection]
    # The exit code says that a check failed, which the reports say, too.
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=300, check=False)
    scenarios = {}
    for report in folder.glob("*/checks.json"):
        named = _REPORT.fullmatch(report.parent.name)
        assert named is not None, report
        scenarios[named[1]] = json.loads(report.read_text(encoding="utf-8"))
    assert scenarios, done.stdout + done.stderr
    return scenarios


def not_met(checks: Checks) -> list[str]:
    """The checks that failed or gave a warning. Those of what a server need not have are none of them."""
    return [
        f"{check['id']}: {check.get('errorMessage') or check.get('details')}"
        for check in checks
        if check["status"] in ("FAILURE", "WARNING")
    ]


def met(checks: Checks) -> set[str]:
    """The ids of the checks that a server passed."""
    return {check["id"] for check in checks if check["status"] == "SUCCESS"}
