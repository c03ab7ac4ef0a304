from collections.abc import Callable
from pathlib import Path

import pytest

_CACHE = Path(__file__).parents[2] / "../shared/bench/tokcache"


@pytest.fixture(scope="session")
def real_tokens() -> Callable[[str], int]:
    """Counts cl100k tokens offline; skips where the encoding is not at hand."""
    tiktoken = pytest.importorskip("tiktoken")
    if not _CACHE.is_dir():
        pytest.skip("no offline copy of the cl100k encoding in ../shared/bench/tokcache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(_CACHE.resolve()))
        encoding = tiktoken.get_encoding("cl100k_base")
    return lambda text: len(encoding.encode(text, disallowed_special=()))
