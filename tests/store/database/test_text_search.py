"""A text is found in every spelling, and SQLite, PostgreSQL and Python agree on where it is."""

import re
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import JSON, Column, Connection, Integer, MetaData, Table, Text, select
from tests.known_characters import known_characters

from evals_mcp.errors import Invalid
from evals_mcp.folding import fold
from evals_mcp.store.database.database import Database, create_database
from evals_mcp.store.database.text_search import MOST_CHARACTERS, STABLE, contains_text

TEXTS = Table(
    "texts", MetaData(), Column("number", Integer, primary_key=True), Column("plain", Text), Column("json", JSON)
)
"""A table of texts, some of them in JSON."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database with an empty table of texts."""
    if request.param == "sqlite":
        address = str(tmp_path_factory.mktemp("texts") / "texts.db")
    else:
        address = str(request.getfixturevalue("postgres_database"))
    opened = create_database(address)
    with opened.write() as connection:
        TEXTS.drop(connection, checkfirst=True)
        TEXTS.create(connection)
    yield opened
    opened.close()


def find(database: Database, searched: str, *rows: tuple[str | None, object]) -> tuple[list[int], list[int]]:
    """The places of rows whose plain text holds the searched one, and of those whose JSON does."""
    with database.write() as connection:
        connection.execute(TEXTS.delete())
        values = [{"number": number, "plain": plain, "json": value} for number, (plain, value) in enumerate(rows)]
        connection.execute(TEXTS.insert(), values)
        plain = _numbers(connection, contains_text(connection, searched, [TEXTS.c.plain]))
        return plain, _numbers(connection, contains_text(connection, searched, (), [TEXTS.c.json]))


def _numbers(connection: Connection, condition: object) -> list[int]:
    statement = select(TEXTS.c.number).where(condition).order_by(TEXTS.c.number)  # type: ignore[arg-type]
    return list(connection.execute(statement).scalars())


ALIKE = {
    "Cyrillic": ("Это Иван Петров.", "иван петров"),
    "accents apart from their letters": ("Un cafe\u0301 noir", "CAFÉ NOIR"),
    "an accent as one letter": ("Un café noir", "cafe\u0301"),
    "full width": ("Ｔｏｔａｌ：１２３", "total:123"),
    "half width": ("ﾃｽﾄ", "テスト"),
    "a ligature": ("the oﬃce", "OFFICE"),
    "final sigma": ("ο λόγος.", "ΛΌΓΟΣ"),
    "sigma inside": ("ΛΌΓΟΣΑΣ", "λόγοςασ"),
    "sharp s": ("Die Straße", "STRASSE"),
    "capital sharp s": ("DIE STRAẞE", "straße"),
    "half of a sharp s": ("groß", "os"),
    "dotted I": ("İstanbul'da", "istanbul"),
    "dotted I in lower case of Python": ("İstanbul".lower(), "ISTANBUL"),
    "dotless i": ("ISPARTA", "ısparta"),
    "Hangul in letters": ("\u1112\u1161\u11ab\u1100\u1173\u11af", "한글"),
    "an ellipsis": ("and so on…", "on..."),
    "a space that does not break": ("10\u00a0000\u202f€", "10 000 €"),
    "a superscript": ("10 m²", "M2"),
    "Georgian": ("ᲗᲑᲘᲚᲘᲡᲘ", "თბილისი"),
    "a letter beyond 16 bits": ("𐐔𐐯𐑅", "𐐼𐐯𐑅"),
    "a quote of JSON": ('she said “no” and ＂yes"', 'AND "YES"'),
    "a backslash": ("C:\\Temp\\Ünïcode", "c:\\temp\\ünïcode"),
    "lines": ("first\nsecond\tthird\u0001é", "FIRST\nSECOND\tTHIRD\u0001É"),
    "signs of patterns": ("100 % of a_b é [x] (y) .* ^$ /\\ {1}", "% OF A_B É [X] (Y) .* ^$ /\\ {1}"),
    "emoji": ("🙂 été", "🙂 ÉTÉ"),
}
APART = {
    "an accent": ("café", "cafe"),
    "an accent apart from its letter": ("cafe\u0301", "cafe"),
    "Cyrillic letters": ("ёлка", "елка"),
    "a wildcard": ("abc é", "a%"),
    "a wildcard of one": ("abc é", "a_c"),
    "any sign": ("abc é", "a.c"),
    "a name": ('{"named": 1}', "nameD x"),
}


@pytest.mark.parametrize(("text", "searched"), ALIKE.values(), ids=ALIKE)
def test_a_text_is_found_in_any_spelling(database: Database, text: str, searched: str) -> None:
    """Also within JSON, however deep."""
    value = {"name": [1, None, {"nested": f"before {text} behind"}]}
    assert find(database, searched, (text, value), (None, None), ("other", {"a": "other"})) == ([0], [0])


@pytest.mark.parametrize(("text", "searched"), APART.values(), ids=APART)
def test_another_text_is_not_found(database: Database, text: str, searched: str) -> None:
    """Accents are part of a letter, and no sign stands for others."""
    assert find(database, searched, (text, {"name": text})) == ([], [])


def test_names_in_json_are_left_out(database: Database) -> None:
    """Only the texts of values count, however deep they are."""
    assert find(database, "naïve", (None, {"Naïve": ["x"]}), (None, ["NAI\u0308VE"]))[1] == [1]


def test_a_text_that_is_too_long_is_refused(database: Database) -> None:
    """The longest that may be searched for is found."""
    long = "Ж" * MOST_CHARACTERS
    assert find(database, long.lower(), (long, [long])) == ([0], [0])
    with pytest.raises(Invalid, match=r"has 5,001 characters\. At most 5,000 are allowed"):
        find(database, long + "x", ("", []))


def test_the_texts_that_are_searched_without_normalization_need_none() -> None:
    """No two of these characters become others together, and none does alone."""
    stable = re.compile(f"[{STABLE}]")
    known = known_characters()[1:]  # no text has a NUL
    found = "".join(filter(stable.fullmatch, known))
    assert unicodedata.normalize("NFKC", found) == found
    second = {_decomposed(letter)[1:2] for letter in known if len(_decomposed(letter)) > 1}
    assert not second & set(found)


_SPECIAL = 'iIıİ\u0307\u0301\u0323sSßẞσςΣhH\u0331aAåÅＡａ\u1100\u1161\u11a8가ᾳᾼΐ…，\u00a0ﬁ½™"\\\n/%_.[]^-\u0001eé'
_letters = st.sampled_from(_SPECIAL) | st.deferred(lambda: st.sampled_from(known_characters()[1:]))
_texts = st.text(_letters, max_size=8)


@given(st.lists(st.tuples(_texts, _texts), min_size=1, max_size=12), _texts, st.data())
@example([("\u0307x", "i\u0307x")], "\u0307x", None)
@example([("\n\u0301", "\n\u0301")], "\n", None)
def test_databases_find_what_python_finds(
    database: Database, rows: list[tuple[str, str]], searched: str, data: st.DataObject | None
) -> None:
    """Over random texts, and random parts of them in another case or form."""
    if data is not None and data.draw(st.booleans()):
        of = data.draw(st.sampled_from([text for row in rows for text in row]))
        first, last = sorted(data.draw(st.tuples(*[st.integers(0, len(of))] * 2)))
        change = data.draw(st.sampled_from([str.upper, str.lower, str.title, _decomposed, _compatible]))
        searched = change(of[first:last])
    wanted = fold(searched)
    found = find(database, searched, *((plain, {"key": [1, text]}) for plain, text in rows))
    assert found[0] == [number for number, (plain, _) in enumerate(rows) if wanted in fold(plain)]
    assert found[1] == [number for number, (_, text) in enumerate(rows) if wanted in fold(text)]


def _decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def _compatible(text: str) -> str:
    return unicodedata.normalize("NFKC", text)
