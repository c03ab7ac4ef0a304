"""What SIGHUP means: read the configuration again, or that the terminal of the server is gone."""

import os
import signal
from collections.abc import Callable


class Terminal:
    """The terminal that a server was started in, if any. Who ignored SIGHUP before (`nohup`) has none."""

    def __init__(self) -> None:
        is_ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        self._open = () if is_ignored else tuple(number for number in range(3) if os.isatty(number))

    @property
    def is_gone(self) -> bool:
        """Whether there was one that is not there any more."""
        return any(not os.isatty(number) for number in self._open)

    def on_hangup(self, otherwise: Callable[[], None]) -> None:
        """Stop the server, as SIGTERM does, if its terminal is gone."""
        if self.is_gone:
            signal.raise_signal(signal.SIGTERM)
        else:
            otherwise()
