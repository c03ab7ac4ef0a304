"""The command line: the stdio server, and one module for each command."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from evals_mcp import __version__
from evals_mcp.cli import (
    backup,
    call,
    check,
    completion,
    copy_database,
    demo,
    doctor,
    export,
    forget,
    import_files,
    journal,
    keys,
    report,
    restore,
    retention,
    serve,
    setup,
    stdio,
    workspaces,
)
from evals_mcp.cli.arguments import Parser, listed
from evals_mcp.cli.printing import print_error
from evals_mcp.errors import EvalsError, with_reason

if TYPE_CHECKING:
    from evals_mcp.mcp.stdio import EarlyAnswers

_READER_GONE = 128 + 13
"""The status after SIGPIPE, which Windows does not have."""


def main(
    arguments: Sequence[str] | None = None, *, in_bundle: bool = False, early: "EarlyAnswers | None" = None
) -> None:
    """Run a command, or the stdio server if none is given. `in_bundle` if a person cannot run commands.

    `early` has answered the host of the stdio server until now.

    Exit with status 1 after an error, 2 for wrong usage,
    130 after Ctrl-C, 143 after SIGTERM, and 141 if nobody reads the output any more.
    """
    # NumPy's threads wait by spinning, which costs more than they save on matrices as small as ours.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    status, signals = 0, list[int]()
    try:
        parser = build_parser()
        completion.complete_if_asked(parser)
        parsed = parser.parse_args(sys.argv[1:] if arguments is None else list(arguments))
        parsed.in_bundle, parsed.early = in_bundle, early
        if parsed.workspace_of_database:
            os.environ["EVALS_MCP_WORKSPACE"] = parsed.workspace_of_database
        with _stopped_as_by_ctrl_c(signals):
            status = parsed.command(parsed)
        sys.stdout.flush()
    except* EvalsError as errors:
        print_error(with_reason(errors.exceptions[0]))
        status = 1
    except* KeyboardInterrupt:
        status = 128 + (signals or [signal.SIGINT])[0]
    except* BrokenPipeError:
        # Python would complain that it cannot write the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = _READER_GONE
    sys.exit(status)


@contextmanager
def _stopped_as_by_ctrl_c(signals: list[int]) -> Iterator[None]:
    """Let SIGTERM end a command as Ctrl-C does: half a backup is deleted, and no program that it runs goes on alone.

    What came is in `signals`. Servers handle it in their own way.
    """

    def stop(number: int, _: object) -> None:
        signals.append(number)
        raise KeyboardInterrupt

    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command line: every command with its arguments."""
    parser = Parser(
        prog="evals-mcp",
        description="Review LLM evaluations from an AI assistant. Without a command, this runs the MCP server on stdio "
        "for a host.",
        details=_describe_settings,
    )
    parser.add_argument("--version", action="version", version=f"evals-mcp {__version__}")
    parser.add_argument("--database", metavar="FILE_OR_URL", help="overrides EVALS_MCP_DATABASE")
    workspace = "of a PostgreSQL database whose address names none; overrides EVALS_MCP_WORKSPACE"
    parser.add_argument("--workspace", metavar="NAME", dest="workspace_of_database", help=workspace)
    parser.add_argument(
        "--import-dirs", metavar="FOLDER", nargs="*", help="for the server: overrides EVALS_MCP_IMPORT_DIRS"
    )
    parser.set_defaults(command=stdio.serve_stdio)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for module in (
        demo,
        setup,
        doctor,
        import_files,
        export,
        report,
        copy_database,
        call,
        check,
        journal,
        serve,
        keys,
        workspaces,
        backup,
        restore,
        forget,
        retention,
        completion,
    ):
        module.add_command(commands)
    return parser


def _describe_settings() -> str:
    from evals_mcp.config import VARIABLES

    return "environment variables:\n" + listed(VARIABLES)


if __name__ == "__main__":
    main()
