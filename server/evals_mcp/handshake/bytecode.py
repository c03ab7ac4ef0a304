"""Where Python keeps compiled modules if it cannot write beside them, as in a bundle in a folder that is read-only."""

import os
import sys


def keep_bytecode(compiled: str | None) -> None:
    """Have modules compiled once, in the user's cache folder, if `compiled` was not written.

    `compiled` is where the importing module would be kept, which Python has tried to write by now.
    """
    is_unwanted = sys.dont_write_bytecode or sys.pycache_prefix is not None
    if compiled is None or is_unwanted or os.path.exists(compiled):
        return
    from platformdirs import user_cache_dir

    sys.pycache_prefix = os.path.join(user_cache_dir("evals-mcp", appauthor=False), "bytecode")
