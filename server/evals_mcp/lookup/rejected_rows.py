"""Errors about one row of a request, which name it as answers count rows: from 1."""

from collections.abc import Generator
from contextlib import contextmanager

from evals_mcp.errors import Invalid


@contextmanager
def rows_named() -> Generator[None]:
    """Name the row in an error of the server, in place of the path to it. Other errors stay as they are."""
    try:
        yield
    except Invalid as error:
        rows = [index for index, step in enumerate(error.location) if isinstance(step, int)]
        if rows:
            words = str(error.without_location())
            error.args = (words if words.startswith("Row ") else _named(error.location, rows[0], words),)
        raise


def _named(location: tuple[str | int, ...], index: int, words: str) -> str:
    """`outputs, row 58, output: …`"""
    where = f"{location[index - 1]}, row {int(location[index]) + 1}"
    field = "".join(f", {step}" for step in location[index + 1 :][-1:])
    return f"{where}{field}: {words.removesuffix('.')}. Nothing was stored."
