"""The entry of the program. A host gets its first answers before the server is imported; all else goes on at once."""

import gc
import os
import signal
import sys
from collections.abc import Sequence

from evals_mcp.handshake.bytecode import keep_bytecode
from evals_mcp.handshake.settings import EarlySettings, early_settings

TYPE_CHECKING = False  # typing takes longer to import than all else here
if TYPE_CHECKING:
    from evals_mcp.handshake.answers import Recorded
    from evals_mcp.handshake.early import EarlyAnswers

RECORDED = os.path.join(os.path.dirname(__file__), "recorded.json")
STDOUT_CLOSED = "evals-mcp: stdout is closed, so the server ends.\n"


def main(arguments: Sequence[str] | None = None, *, in_bundle: bool = False) -> None:
    """Run a command, or the stdio server if none is given. `in_bundle` if a person cannot run commands."""
    keep_bytecode(__spec__.cached)
    given = sys.argv[1:] if arguments is None else list(arguments)
    settings = early_settings(given, os.environ)
    early = answer_early(settings) if settings is not None and _is_host() else None
    if early is not None:
        try:
            is_needed = early.wait()
        except BrokenPipeError:
            sys.stderr.write(STDOUT_CLOSED)
            is_needed = False
        if not is_needed:
            return
    from evals_mcp.cli.main import main as run

    run(given, in_bundle=in_bundle, early=early)


def _is_host() -> bool:
    """Whether stdin is what a host talks to, and not a terminal."""
    return sys.stdin is not None and not sys.stdin.isatty()


def answer_early(settings: EarlySettings) -> "EarlyAnswers | None":
    """Answer the host on stdin from now on; None if stdin is closed, or the answers cannot be read."""
    from evals_mcp.handshake.answers import Handshake
    from evals_mcp.handshake.early import EarlyAnswers

    # What is imported from here on lives as long as the process.
    gc.disable()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: os._exit(128 + number))  # nothing is open yet
    recorded = read_recorded(RECORDED)
    if recorded is None:
        return None
    try:
        source = os.dup(0)
        # Children and stray reads find nothing there, as when the SDK reads stdin.
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
    except OSError:
        return None
    return EarlyAnswers(Handshake(recorded, settings), source, 1)


def read_recorded(path: str) -> "Recorded | None":
    """The answers in a file; None if there are none that can be read, so that the server must give them."""
    import json

    from evals_mcp.handshake.answers import Recorded

    try:
        with open(path, encoding="utf-8") as file:
            return Recorded(json.load(file))
    except (OSError, ValueError, LookupError, TypeError):
        return None
