"""Write the lists that the token estimate reads (`answers/frame/vocabularies.py`). `--check` only compares.

The source is the vocabularies of cl100k and o200k in a package of the extra `test`. docs/design/tokens.md explains the
lists and how to try other sizes.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.tokenizers import NAMES, tokenizer

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "server/evals_mcp/answers/frame"
MERGES = 6_000
"""The first merges of each vocabulary, as many as this, are in its list if a piece can need them."""
OTHER_SCRIPTS = {"cl100k": 100_256, "o200k": 32_000}
"""Up to here, a list has the merges of other scripts. Beyond, o200k needs fewer tokens for them than cl100k."""
WORDS, SIGNS = 90_000, 10_000
"""A piece that both vocabularies have as one token is listed if cl100k joins it this early, as its kind is."""
FREQUENT_WORDS, FREQUENT_OTHERS = 6_000, 3_000
"""As many pieces as this are at hand at once, those with a space before them and others. The rest is looked up."""
_WORD = re.compile(" ?[A-Z]?[a-z]+|.?[^\x00-\x7f]+")
_OTHER_SCRIPT = re.compile(rb"[\x00-\x7f]?[\x80-\xff]+")
_NOT_IN_A_PIECE = re.compile(rb"[\n\t0-9]|. ", re.DOTALL)
_WIDE = 0xE0  # the first byte of a character of three bytes or more


def merges(name: str) -> bytes:
    """The list of a vocabulary: a merge in each line, in order. An empty line parts the two sections."""
    needed = [(rank, token) for rank, token in _joined_tokens(name) if _is_needed(token)]
    common = [token for rank, token in needed if rank < MERGES]
    rest = [token for rank, token in needed if MERGES <= rank < OTHER_SCRIPTS[name] and _OTHER_SCRIPT.fullmatch(token)]
    return b"\n".join(common) + b"\n\n" + b"\n".join(rest)


def pieces() -> bytes:
    """The pieces that are one token for both tokenizers.

    The first line has the most frequent that begin with a space, without it; the second has the most frequent others.
    The third has the beginnings of all others, and a line for each has how pieces with it go on.
    """
    words: list[str] = []
    others: list[str] = []
    rest = defaultdict[str, list[str]](list)
    for rank, token in _joined_tokens("cl100k"):
        piece = token.decode("utf-8", "replace")
        if max(token) >= _WIDE or rank >= (WORDS if _WORD.fullmatch(piece) else SIGNS) or not _is_one_token(piece):
            continue
        if piece[0] == " " and len(words) < FREQUENT_WORDS:
            words.append(piece[1:])
        elif piece[0] != " " and len(others) < FREQUENT_OTHERS:
            others.append(piece)
        else:
            rest[piece[: 3 if piece[0] == " " else 2]].append(piece)
    ends = [f" {' '.join(piece[len(start) :] for piece in rest[start])} " for start in rest]
    return "\n".join([" ".join(words), " ".join(others), "\t".join(rest), *ends]).encode()


def _joined_tokens(name: str) -> list[tuple[int, bytes]]:
    """The tokens of a vocabulary that may be joined within a piece, by rank."""
    single = tokenizer(name).encode_single_token
    tokens = [token for token in tokenizer(name).token_byte_values() if len(token) > 1]
    return sorted((single(token), token) for token in tokens if not _NOT_IN_A_PIECE.search(token))


def _is_needed(token: bytes) -> bool:
    """Whether the merge joins bytes of a piece: a wide character is a piece of its own."""
    return max(token) < _WIDE or re.fullmatch(rb" ?[\x80-\xff][\x80-\xbf]{0,3}", token) is not None


def _is_one_token(text: str) -> bool:
    return "\ufffd" not in text and all(len(tokenizer(name).encode_ordinary(text)) == 1 for name in NAMES)


def outdated() -> Iterator[tuple[Path, bytes]]:
    """The files that differ from what they should be, and what they should be."""
    lists = {f"{name}_merges.txt": merges(name) for name in NAMES} | {"pieces.txt": pieces()}
    for name, content in lists.items():
        path = FOLDER / name
        if not path.exists() or path.read_bytes() != content:
            yield path, content


if __name__ == "__main__":
    for path, content in outdated():
        if "--check" in sys.argv:
            sys.exit(f"{path.relative_to(ROOT)} is out of date: run python scripts/token_lists.py")
        path.write_bytes(content)
        print(f"wrote {path.relative_to(ROOT)}")
