"""Tokens of a word by two real tokenizers, cl100k and o200k: never fewer than either counts.

A tokenizer cuts a text into pieces. In each piece it joins two neighbours again and again, first those whose join
comes first in its list of merges. To stop early leaves more tokens, so the beginning of the list gives an upper bound.
The lists beside this file are beginnings: `scripts/token_lists.py` writes them, `docs/design/tokens.md` explains.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

_LONGEST_REMEMBERED = 128  # characters
_MOST_REMEMBERED = 40_000
_SHORT, _LONG, _SLICE, _VARIED = 2, 48, 24, 8  # characters

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

_CLOSING = frozenset(",.:;!?)")
"""A sign behind a letter or a digit, at the end of a word, is a token of its own."""

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


class CommonPieces:
    """Pieces that are one token for both tokenizers: frequent `words`, without the space before them, and others."""

    def __init__(self) -> None:
        words, others, starts, *rests = _lines("pieces")
        self.words = dict.fromkeys(words.split(" "), 1)
        self.others = dict.fromkeys(others.split(" "), 1)
        self._rests = dict(zip(starts.split("\t"), rests, strict=True))

    def __contains__(self, piece: str) -> bool:
        # To make a set of all the rest takes more time than to search the few that begin alike.
        if piece[0] == " ":
            return piece[1:] in self.words or f" {piece[3:]} " in self._rests.get(piece[:3], "")
        return piece in self.others or f" {piece[2:]} " in self._rests.get(piece[:2], "")


class Vocabulary(Counts):
    """Tokens of pieces by one tokenizer. Its tokens are strings here in which each character stands for a byte."""

    def __init__(self, name: str, common: CommonPieces) -> None:
        super().__init__()
        tokens = _lines(f"{name}_merges", "latin-1")
        self._limit, self._limit_foreign = tokens.index(""), len(tokens)
        self._ranks = dict(zip(tokens, range(len(tokens)), strict=True))
        self._common = common
        self._find_pieces = re.compile(_PIECES[name]).findall

    def __missing__(self, piece: str) -> int:
        return self.remember(piece, self.count_piece(piece))

    def count(self, text: str) -> int:
        """Tokens of a text without line breaks and without wide characters."""
        return sum(map(self.__getitem__, self._find_pieces(text)))

    def count_piece(self, piece: str) -> int:
        """Tokens of what the tokenizer does not cut further."""
        if piece in self._common or (piece.isdigit() and piece.isascii()):
            return 1
        return self.count_rare(piece)

    def count_rare(self, piece: str) -> int:
        """Tokens of a piece that is not one token for both tokenizers."""
        if len(piece) > _LONG:
            return sum(self._count_slice(piece[at : at + _SLICE]) for at in range(0, len(piece), _SLICE))
        if piece.isascii():
            return self._count_parts(piece, self._limit)
        return self._count_parts(_bytes(piece), self._limit_foreign if _FOREIGN.fullmatch(piece) else self._limit)

    def _count_slice(self, text: str) -> int:
        # A byte is a token at most, and random letters are not worth the time to count closer.
        most = len(_bytes(text))
        return most if len(set(text)) > _VARIED else min(most, 1 + self[text])

    def _count_parts(self, piece: str, limit: int) -> int:
        """How many parts the merges before `limit` leave."""
        rank_of = self._ranks.get
        parts = list(piece)
        ranks = [rank_of(left + right, limit) for left, right in pairwise(parts)]
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

    def __init__(self, common: CommonPieces, first: Vocabulary, second: Vocabulary) -> None:
        super().__init__()
        self._common = common
        self._count_first, self._count_second = first.count_rare, second.count_rare

    def __missing__(self, piece: str) -> int:
        if (piece.isdigit() and piece.isascii()) or piece in self._common:
            tokens = 1
        elif len(piece) <= _SHORT and piece.isascii():
            tokens = len(piece)
        else:
            tokens = max(self._count_first(piece), self._count_second(piece))
        return self.remember(piece, tokens)


class Words(Counts):
    """Tokens of words, each with the space before it, or with the line break that it begins with."""

    def __init__(self) -> None:
        common = CommonPieces()
        super().__init__(common.words)
        self._common = common
        self._vocabularies = first, second = Vocabulary("cl100k", common), Vocabulary("o200k", common)
        self._pieces = Pieces(common, first, second)

    def clear(self) -> None:
        """Forget all words but the frequent ones."""
        super().clear()
        self.update(self._common.words)

    def __missing__(self, word: str) -> int:
        if word.isalpha() and word.isascii():
            tokens = self._pieces[f" {word}"]
        elif word[-1:] in _CLOSING and word[-2:-1].isalnum() and word.isascii():
            tokens = self[word[:-1]] + 1
        elif word[:1] == "\n":
            tokens = 1 + self._count(word[1:])
        else:
            tokens = self._count(f" {word}")
        return self.remember(word, tokens)

    def _count(self, text: str) -> int:
        if not text.isascii():
            return self._count_beyond_ascii(text)
        if "'" in text:
            return max(each.count(text) for each in self._vocabularies)
        return sum(map(self._pieces.__getitem__, _ASCII_PIECES.findall(text)))

    def _count_beyond_ascii(self, text: str) -> int:
        """Tokens of a word, each wide character of which counts by itself."""
        tokens = 0
        for part in _WIDE.split(text):
            tokens += self._count(part) if part.isascii() else max(each.count(part) for each in self._vocabularies)
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


def _lines(name: str, encoding: str = "utf-8") -> list[str]:
    return Path(__file__).with_name(f"{name}.txt").read_bytes().decode(encoding).split("\n")


def _bytes(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").decode("latin-1")
