"""Write the lists of merges that the token estimate reads (`answers/frame/vocabularies.py`). `--check` only compares.

The source is the vocabularies of cl100k and o200k in a package of the extra `test`. docs/design/tokens.md explains the
lists and how to try other sizes.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.tokenizers import NAMES, tokenizer

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "server/evals_mcp/answers/frame"
COMMON = {"cl100k": 14_500, "o200k": 20_000}
"""The first merges of each vocabulary, as many as this, are in its list if a word can need them."""
PLAIN = {"cl100k": 40_000, "o200k": 32_000}
"""Up to here, the list has the merges of words in small letters, also behind a capital, and of other scripts."""
COMPLETE = ("cl100k",)
"""These lists have all merges of other scripts; the other vocabulary needs fewer tokens for them anyway."""
_WORD = rb" ?[A-Z]?[a-z\x80-\xff]*"
_OTHER_SCRIPT = rb"[\x00-\x7f]?[\x80-\xff]+"


def merges(name: str) -> bytes:
    """The list of a vocabulary: a merge in each line, in order. Empty lines part the three sections."""
    single = tokenizer(name).encode_single_token
    common, plain, rest = [], [], []
    for rank, token in sorted((single(token), token) for token in tokenizer(name).token_byte_values()):
        if not _is_needed(token):
            continue
        if rank < COMMON[name]:
            common.append(token)
        elif rank < PLAIN[name] and re.fullmatch(_WORD + b"|" + _OTHER_SCRIPT, token):
            plain.append(token)
        elif rank >= PLAIN[name] and name in COMPLETE and re.fullmatch(_OTHER_SCRIPT, token):
            rest.append(token)
    return b"\n\n".join(b"\n".join(section) for section in (common, plain, rest))


def _is_needed(token: bytes) -> bool:
    """Whether the merge joins bytes of a piece: a wide character is a piece, and digits need no merges."""
    if len(token) == 1 or re.search(rb"[\n0-9]|. ", token, re.DOTALL):
        return False
    return max(token) < 0xE0 or re.fullmatch(rb" ?[\x80-\xff][\x80-\xbf]{0,3}", token) is not None


def outdated() -> Iterator[Path]:
    """The files that differ from what they should be."""
    for name in NAMES:
        path = FOLDER / f"{name}_merges.txt"
        if not path.exists() or path.read_bytes() != merges(name):
            yield path


if __name__ == "__main__":
    for path in outdated():
        if "--check" in sys.argv:
            sys.exit(f"{path.relative_to(ROOT)} is out of date: run python scripts/token_merges.py")
        path.write_bytes(merges(path.name.removesuffix("_merges.txt")))
        print(f"wrote {path.relative_to(ROOT)}")
