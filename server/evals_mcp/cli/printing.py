"""How commands print tables and notes to standard output."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_WIDEST = 10_000
"""Columns where no terminal limits them."""


def output_console() -> "Console":
    """A console as wide as its terminal. Without one, lines and names stay whole, so that a program can read them."""
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDEST)
