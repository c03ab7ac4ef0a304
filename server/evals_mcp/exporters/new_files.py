"""A file that a command writes: complete or absent, and never through a link or over another kind of file."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from evals_mcp.errors import Invalid
from evals_mcp.exporters.folders import require_no_link


def write_new_file(path: Path, format: str, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file, which then takes the path's place.

    Raises Invalid for a link or another kind of file there, and if the file cannot be written.
    """
    require_writable(path, format)
    try:
        number, name = tempfile.mkstemp(prefix=f".{path.name}-", suffix=".partial", dir=path.absolute().parent)
        os.close(number)
        try:
            write(Path(name))
            Path(name).chmod(0o644)
            os.replace(name, path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise Invalid(f"{path} cannot be written: {error.strerror}.") from None


def require_writable(path: Path, format: str) -> None:
    """Raise Invalid for a link, a folder, or a file of another kind at the path."""
    require_no_link(path)
    if os.path.isdir(path) or (os.path.exists(path) and path.suffix.lower() != f".{format}"):
        raise Invalid(f"{path} exists and is no {format} file. Name a new file that ends with .{format}.")
