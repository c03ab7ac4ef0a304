"""A line on stderr that shows what is being done; nothing where stderr is no terminal."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from evals_mcp.cli.printing import markup

Tell = Callable[[str, int], Awaitable[None]]
"""Shows what is being done, and how many rows or records of it."""


@contextmanager
def progress_line() -> Iterator[Tell]:
    """Show the line until the end of the block."""
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import SpinnerColumn, TextColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("reading", total=None)

        async def tell(work: str, count: int) -> None:
            bar.update(task, description=markup(f"{work}: {count:,}"))

        yield tell
