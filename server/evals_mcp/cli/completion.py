"""`evals-mcp completion`: the code by which a shell completes commands, tools, arguments and names of the data."""

import argparse
import os
import sys
from typing import Any

_SHELLS = ("bash", "zsh", "fish")
_ASKED = "_ARGCOMPLETE"
_HOW = """\
To switch it on:
  bash  eval "$(evals-mcp completion bash)"        in ~/.bashrc
  zsh   eval "$(evals-mcp completion zsh)"         in ~/.zshrc, after compinit
  fish  evals-mcp completion fish | source         in ~/.config/fish/config.fish
"""


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    completion = commands.add_parser(
        "completion", help="print the code that completes this command in a shell", details=lambda: _HOW
    )
    completion.add_argument("shell", metavar="SHELL", choices=_SHELLS, help="bash, zsh or fish")
    completion.set_defaults(command=_print_code)


def _print_code(parsed: argparse.Namespace) -> int:
    from argcomplete.shell_integration import shellcode

    print(shellcode(["evals-mcp"], shell=parsed.shell))
    return 0


def complete_if_asked(parser: argparse.ArgumentParser) -> None:
    """Answer a shell that completes a line, and exit. Does nothing, and loads nothing, otherwise."""
    if _ASKED not in os.environ:
        return
    import argcomplete

    argcomplete.autocomplete(parser, always_complete_options=False, exit_method=sys.exit)
