"""`evals-mcp doctor`: check the whole way from a host to the data, one line for each check."""

import argparse
import os
from typing import TYPE_CHECKING, Any

from evals_mcp.cli.arguments import add_served_database, named_database

if TYPE_CHECKING:
    from evals_mcp.doctor.findings import Finding

_STYLES = {"ok": "green", "note": "yellow", "wrong": "bold red"}


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    doctor = commands.add_parser(
        "doctor",
        help="check program, settings, database or server, protocol and hosts: exit status 1 if something is wrong",
        description="Check the whole way from a host to the data. Changes nothing. Exit status: 0 nothing is wrong, "
        "1 something is, 2 wrong usage.",
    )
    doctor.add_argument("--json", action="store_true", help="print the findings as JSON")
    add_served_database(doctor)
    doctor.set_defaults(command=_check_all)


def _check_all(parsed: argparse.Namespace) -> int:
    import anyio

    findings = anyio.run(_run_checks, parsed)
    wrong = sum(finding.state == "wrong" for finding in findings)
    if parsed.json:
        _print_json(findings)
    else:
        print("Nothing is wrong." if not wrong else f"Wrong: {wrong}. Each line ends with what to do.")
    return 1 if wrong else 0


async def _run_checks(parsed: argparse.Namespace) -> "list[Finding]":
    from evals_mcp.doctor.checks import run_checks

    findings = []
    async for finding in run_checks(os.environ, named_database(parsed)):
        findings.append(finding)
        if not parsed.json:
            _print_line(finding)
    return findings


def _print_line(finding: "Finding") -> None:
    from evals_mcp.cli.printing import markup, output_console

    times = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in finding.seconds.items())
    message = finding.message + (f" ({times})" if times else "") + (f" → {finding.advice}" if finding.advice else "")
    state = f"[{_STYLES[finding.state]}]{finding.state:5}[/]"
    output_console().print(f"{state} {markup(finding.check):14} {markup(message)}", soft_wrap=True)


def _print_json(findings: "list[Finding]") -> None:
    import json
    from dataclasses import asdict

    from evals_mcp import __version__

    is_ok = all(finding.state != "wrong" for finding in findings)
    checks = [asdict(finding) for finding in findings]
    print(json.dumps({"version": __version__, "ok": is_ok, "checks": checks}, ensure_ascii=False, indent=2))
