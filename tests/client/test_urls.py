"""What base URLs mean, and that paths and queries are built safely."""

from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals_mcp.client.urls import build_url, read_base_url
from evals_mcp.errors import Invalid, NotFound


@pytest.mark.parametrize(
    ("base_url", "root", "host"),
    [
        ("https://api.example.com/v5", "https://api.example.com", "api.example.com"),
        (" http://[::1]:8000/v5/ \n", "http://[::1]:8000", "[::1]:8000"),
        ("https://example.com/evals/v5", "https://example.com/evals", "example.com"),
        ("https://example.com/evals/", "https://example.com/evals", "example.com"),
        ("https://example.com/v50", "https://example.com/v50", "example.com"),
        ("https://u:p@example.com", "https://example.com", "example.com"),
    ],
)
def test_a_base_url_has_one_root(base_url: str, root: str, host: str) -> None:
    """Version, slashes at the end and credentials are not part of the root."""
    address = read_base_url(base_url)
    assert (address.root, address.host) == (root, host)


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "example.com",
        "ftp://example.com",
        "http://",
        "http://h:port/secret",
        "https://h/v5?key=secret",
        "http://[secret",
    ],
)
def test_what_is_no_base_url_is_refused_without_being_repeated(base_url: str) -> None:
    """The advice shows how one looks, and nothing of what was given."""
    with pytest.raises(Invalid, match="base URL must look like") as caught:
        read_base_url(base_url)
    assert "secret" not in str(caught.value)


def test_credentials_are_unquoted() -> None:
    """User and password are kept apart from the root, as they are meant."""
    assert read_base_url("http://a%40b:p%3Aq@h").login == ("a@b", "p:q")
    assert read_base_url("http://h").login is None


def test_a_query_leaves_nothing_out_but_none() -> None:
    """Lists repeat their key, booleans are words, times are in UTC, empty text stays."""
    east = timezone(timedelta(hours=2))
    query = {
        "none": None,
        "empty": "",
        "page": 0,
        "flag": True,
        "in_trace_filter": [True, False],
        "run_id": ["a", "b c"],
        "nothing": [],
        "start": datetime(2025, 1, 1, 12, tzinfo=east),
        "end": datetime(2025, 1, 1, 12, tzinfo=UTC),
    }
    assert build_url("http://h", "v5", ("logs",), query).partition("?")[2].split("&") == [
        "empty=",
        "page=0",
        "flag=true",
        "in_trace_filter=true",
        "in_trace_filter=false",
        "run_id=a",
        "run_id=b+c",
        "start=2025-01-01T10%3A00%3A00Z",
        "end=2025-01-01T12%3A00%3A00Z",
    ]


def test_text_that_is_not_unicode_is_refused() -> None:
    """A lone surrogate cannot be sent: an id of it is nothing's, an argument of it is wrong."""
    with pytest.raises(Invalid, match="Unicode"):
        build_url("http://h", "v5", ("logs",), {"search": "\udc00"})
    with pytest.raises(NotFound, match="Unicode"):
        build_url("http://h", "v5", ("logs", "\udc00"), None)


@given(st.text())
def test_a_piece_stays_one_piece(piece: str) -> None:
    """Whatever an id is, it comes back as it was and the path has as many pieces as before, or it is refused."""
    try:
        url = build_url("http://h", "v4", ("evaluations", piece, "log"), None)
    except NotFound:
        assert piece in ("", ".", "..") or "/" in piece or any("\ud800" <= char <= "\udfff" for char in piece)
        return
    root, _, rest = url.partition("/v4/")
    pieces = rest.split("/")
    assert (root, [unquote(part) for part in pieces]) == ("http://h", ["evaluations", piece, "log"])
    assert not {"?", "#", " "} & set(rest)
