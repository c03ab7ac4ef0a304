"""How commands print tables, notes and errors. Names in files can hold codes that a terminal obeys."""

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_WIDEST = 10_000
"""Columns where no terminal limits them."""


def print_error(message: str) -> None:
    """Write the message of an error, on one line of standard error."""
    print(f"evals-mcp: {visible(message)}", file=sys.stderr)


def visible(text: str) -> str:
    """A text on one line, with escapes for what a terminal would obey or hide."""
    from evals_mcp.answers.frame import quoting

    return quoting.visible(text)


def markup(text: str) -> str:
    """A text for a console, which shows it as it is, on one line."""
    from rich.markup import escape

    return escape(visible(text))


def output_console() -> "Console":
    """A console as wide as its terminal. Without one, lines and names stay whole, so that a program can read them."""
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDEST)


def print_rows(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a list: for programs a line of each row with tabs between its cells, on a terminal columns with headers."""
    cells = [[visible(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in cells:
            print("\t".join(row))
    elif cells:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(*headers, box=None, pad_edge=False)
        for row in cells:
            table.add_row(*map(Text, row))
        Console(highlight=False, width=_WIDEST).print(table)
