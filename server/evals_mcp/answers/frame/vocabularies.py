"""Tokens of a word by two real tokenizers, cl100k and o200k: never fewer than either counts.

A tokenizer cuts a text into pieces. In each piece it joins two neighbours again and again, first those whose join
comes first in its list of merges. To stop early leaves more tokens, so the beginning of the list gives an upper bound.
The lists beside this file are beginnings: `scripts/token_merges.py` writes them, `docs/design/tokens.md` explains.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from pathlib import Path

_LONGEST_REMEMBERED = 128  # characters
_MOST_REMEMBERED = 20_000
_LONG, _SLICE, _VARIED = 48, 24, 8  # characters

_BLANK = r"[\t\x0b\x0c\r \x85\xa0]"
_BLANKS = rf"{_BLANK}*\r++|{_BLANK}+(?![^\t\x0b\x0c\r \x85\xa0])|{_BLANK}"
_NUMBERS = r"[\d\xb2\xb3\xb9\xbc-\xbe]{1,3}"
_NO_LETTER = r"\W\d\xb2\xb3\xb9\xbc-\xbe_"
_MARKS = (
    r"[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    r"\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0711\u0730-\u074a\u07a6-\u07b0\u07eb-\u07f3\u07fd]++"
)
_SIGNS = r" ?(?:[^\w\t\x0b\x0c\r \x85\xa0]|_)++\r*+"
_PREFIX = r"(?:[^\w\r]|_)?"
_PIECES = {
    "cl100k": rf"'(?i:[sdmt]|ll|ve|re)|{_PREFIX}[^{_NO_LETTER}]++|{_NUMBERS}|{_SIGNS}|{_BLANKS}",
    "o200k": rf"{_PREFIX}(?:[A-Z]*(?:[^{_NO_LETTER}A-Z]++|{_MARKS})++|[A-Z]++)(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    rf"|{_NUMBERS}|{_SIGNS}|{_BLANKS}",
}
"""How each tokenizer cuts a text without line breaks and without wide characters."""

_ASCII_PIECES = re.compile(
    r"[^0-9A-Za-z\r]?[A-Za-z]+|[0-9]{1,3}| ?[^0-9A-Za-z\t\x0b\x0c\r ]+\r*"
    r"|[\t\x0b\x0c\r ]*\r+|[\t\x0b\x0c\r ]+(?![^\t\x0b\x0c\r ])|[\t\x0b\x0c\r ]"
)
"""How both cut such a text where it is ASCII without apostrophes."""

_PLAIN = re.compile(" ?[A-Z]?[^\x00-`{-\x7f]*")
_FOREIGN = re.compile("[\x00-\x7f]?[^\x00-\x7f]+")
_WIDE = re.compile(" ?[^\x00-\u07ff]+")
_PREFIXED = re.compile(r"(?:[^\w\s]|_)\w")
_RARE_BLANK = re.compile(r"(?<=\s)[^\S\x00-\x7f]|[^\S\x00-\x7f](?=\s|$)|(?<=\s)\s(?=[^\x00-\u07ff])")

_FOLLOWING = bytes(range(0x80, 0xC0))
_SCRIPTS = b" " * 0xC0 + b"-" * 0x20 + b"ab" + b"-" * 8 + b"cccc" + b"-" * 18
"""By the first byte of a character: a, b, and c are scripts in which a token may hold parts of two characters."""
_ONE_SCRIPT = re.compile(rb"-+|a+|b+|c+")
_PARTING = (b"\xa0\xed", b"\xa4\xed", b"\xab\x98\xe8\xae\xa4")
"""Bytes that part characters of one script, Korean or Chinese, which are single tokens elsewhere."""


class Counts(dict[str, int]):
    """The tokens of texts, counted when they are first asked for. Short texts are remembered, up to a limit."""

    def remember(self, text: str, tokens: int) -> int:
        """Keep what a text costs, and give it back."""
        if len(text) <= _LONGEST_REMEMBERED:
            if len(self) >= _MOST_REMEMBERED:
                self.clear()
            self[text] = tokens
        return tokens


class Vocabulary(Counts):
    """Tokens of pieces by one tokenizer. Its tokens are strings here in which each character stands for a byte."""

    def __init__(self, name: str) -> None:
        super().__init__()
        merges = Path(__file__).with_name(f"{name}_merges.txt").read_bytes().decode("latin-1")
        self._common, self._plain, self._all = accumulate(part.count("\n") + 1 for part in merges.split("\n\n"))
        tokens = merges.replace("\n\n", "\n").split("\n")
        self._ranks = dict(zip(tokens, range(len(tokens)), strict=True))
        self._find_pieces = re.compile(_PIECES[name]).findall

    def __missing__(self, piece: str) -> int:
        return self.remember(piece, self.count_piece(piece))

    def count(self, text: str) -> int:
        """Tokens of a text without line breaks and without wide characters."""
        return sum(map(self.__getitem__, self._find_pieces(text)))

    def count_piece(self, piece: str) -> int:
        """Tokens of what the tokenizer does not cut further."""
        if len(piece) > _LONG:
            return sum(self._count_slice(piece[at : at + _SLICE]) for at in range(0, len(piece), _SLICE))
        limit = self._plain if _PLAIN.fullmatch(piece) else self._common
        if piece.isascii():
            return 1 if piece.isdigit() else self._count_parts(piece, limit)
        return self._count_parts(_bytes(piece), self._all if _FOREIGN.fullmatch(piece) else limit)

    def _count_slice(self, text: str) -> int:
        # A byte is a token at most, and random letters are not worth the time to count closer.
        most = len(_bytes(text))
        return most if len(set(text)) > _VARIED else min(most, 1 + self[text])

    def _count_parts(self, piece: str, limit: int) -> int:
        """How many parts the merges before `limit` leave."""
        if piece in self._ranks:
            return 1
        rank_of = self._ranks.get
        parts = list(piece)
        ranks = [rank_of(piece[at : at + 2], limit) for at in range(len(piece) - 1)]
        while ranks and (rank := min(ranks)) < limit:
            at = ranks.index(rank)
            del ranks[at]
            parts[at] = joined = parts[at] + parts.pop(at + 1)
            if at:
                ranks[at - 1] = rank_of(parts[at - 1] + joined, limit)
            if at < len(ranks):
                ranks[at] = rank_of(joined + parts[at + 1], limit)
        return len(parts)


class Pieces(Counts):
    """Tokens of pieces that both tokenizers cut alike, by the one that takes more of them."""

    def __init__(self, first: Vocabulary, second: Vocabulary) -> None:
        super().__init__()
        self._count_first, self._count_second = first.count_piece, second.count_piece

    def __missing__(self, piece: str) -> int:
        return self.remember(piece, max(self._count_first(piece), self._count_second(piece)))


class Words(Counts):
    """Tokens of words, each with the space before it, or with the line break that it begins with."""

    def __init__(self) -> None:
        super().__init__()
        self._vocabularies = first, second = Vocabulary("cl100k"), Vocabulary("o200k")
        self._pieces = Pieces(first, second)

    def __missing__(self, word: str) -> int:
        line_breaks, text = (1, word[1:]) if word[:1] == "\n" else (0, f" {word}")
        if not text.isascii():
            tokens = self._count_beyond_ascii(text)
        elif "'" in text:
            tokens = max(each.count(text) for each in self._vocabularies)
        else:
            tokens = sum(map(self._pieces.__getitem__, _ASCII_PIECES.findall(text)))
        return self.remember(word, line_breaks + tokens)

    def _count_beyond_ascii(self, text: str) -> int:
        """Tokens of a word, each wide character of which counts by itself."""
        tokens = max(sum(map(each.count, _WIDE.split(text))) for each in self._vocabularies)
        for run in _WIDE.finditer(text):
            tokens += sum(map(self._pieces.__getitem__, _characters(run[0])))
            tokens += _is_cut_behind(run[0][-1], text[run.end() : run.end() + 2])
        # A token may hold parts of two characters where another script begins, and rare blanks may join others.
        data = text.encode("utf-8", "surrogatepass")
        scripts = data.translate(_SCRIPTS, _FOLLOWING)
        tokens += len(_ONE_SCRIPT.findall(scripts)) - len(scripts.split()) + 2 * sum(map(data.count, _PARTING))
        return tokens if text.isprintable() else tokens + len(_RARE_BLANK.findall(text))


@cache
def word_counts() -> Counts:
    """The tokens of every word: with a space before it, or with a line break where the word begins with one.

    A word has no other space or line break in it. Reads the vocabularies when it is first called.
    """
    return Words()


def _characters(run: str) -> Iterator[str]:
    """The characters of a run of wide ones, the first with the space before it if a token can hold both."""
    if run[0] == " " and not (run[1].isnumeric() or run[1].isspace()):
        yield run[:2]
        run = run[2:]
    yield from run


def _is_cut_behind(character: str, following: str) -> bool:
    """Whether tokenizers join a wide character and the sign or digit behind it, and so cut behind that."""
    return _PREFIXED.match(following) is not None or (character.isnumeric() and following[:1].isnumeric())


def _bytes(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").decode("latin-1")
