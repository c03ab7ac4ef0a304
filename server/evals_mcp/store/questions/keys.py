"""Names a log in a run."""

from typing import NamedTuple


class RunLogKey(NamedTuple):
    """A log in a run."""

    run_id: str
    log_number: int
