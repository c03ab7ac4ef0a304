"""A bar on stderr that shows how far a command is; nothing where stderr is no terminal."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from evals_mcp.cli.printing import markup
from evals_mcp.steps import listening

Tell = Callable[[str, int, int | None], Awaitable[None]]
"""Shows what is being done, how many rows or records of it are done, and of how many, if that is known."""


@contextmanager
def progress_bar() -> Iterator[Tell]:
    """Show the bar until the end of the block: full at the total, moving without one.

    It also shows the steps of a computation in this process.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("starting", total=None)

        def step(done: int, total: int, words: str) -> None:
            bar.update(task, description=markup(words), completed=done, total=total)

        async def tell(work: str, done: int, total: int | None) -> None:
            amount = (f": {done:,}" if done else "") + (f" of {total:,}" if total else "")
            bar.update(task, description=markup(f"{work}{amount}"), completed=done, total=total)

        with listening(step):
            yield tell
