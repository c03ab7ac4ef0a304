"""What errors say, and that they say nothing they must not."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evals_mcp.client.failures import answer_failure, network_failure
from evals_mcp.errors import Conflict, EvalsError, Invalid, NotFound, Unauthorized, Unavailable

WHERE = "The server at api.example.com"
KEY = "hl_sk_0123456789abcdef"

CLASSES: dict[int, type[EvalsError]] = {
    400: Invalid,
    401: Unauthorized,
    403: Unauthorized,
    404: NotFound,
    409: Conflict,
    410: NotFound,
    413: Invalid,
    414: Invalid,
    422: Invalid,
    431: Invalid,
}

texts = st.text(max_size=30) | st.sampled_from([KEY, f"x{KEY}y", "\x1b[31m", "\u202e", "Traceback", "\n"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)
entries = st.fixed_dictionaries({"loc": st.lists(texts | st.integers()) | values, "msg": texts | values})
details = values | st.lists(entries | values) | st.fixed_dictionaries({"msg": texts, "description": texts | values})
bodies = st.fixed_dictionaries({"detail": details}).map(json.dumps) | values.map(json.dumps)


def said(status: int, detail: Any, **options: Any) -> str:
    """The message for an answer with this `detail`."""
    return str(answer_failure(status, json.dumps({"detail": detail}).encode(), WHERE, secrets=[KEY], **options))


@given(st.integers(400, 599), bodies.map(str.encode) | st.binary(), st.booleans())
@example(422, b"[" * 100_000, False)
@example(422, b'{"detail": [{"loc": [' + b"9" * 5000 + b'], "msg": "m"}]}', False)
def test_any_answer_is_an_error_of_the_right_class_that_is_safe_to_show(
    status: int, content: bytes, trusted: bool
) -> None:
    """Whatever the body: the class follows the status, and the message is short, plain and without the key."""
    error = answer_failure(status, content, WHERE, secrets=[KEY], trusted=trusted)
    message = str(error)
    assert type(error) is CLASSES.get(status, Unavailable)
    assert error.status == status
    assert KEY not in message
    assert 0 < len(message) <= 500
    assert message.isprintable()
    if isinstance(error, Invalid):
        assert KEY not in repr(error.location)


def test_the_detail_is_the_message() -> None:
    """Text in `detail`, or under the keys that servers use in an object there."""
    assert said(409, "This name is taken.") == "This name is taken."
    assert said(409, {"msg": "Short.", "description": "Long."}) == "Long."
    assert said(409, {"msg": "Short.", "description": None}) == "Short."
    assert said(400, {"type": "x", "message": "Of a provider."}) == "Of a provider."


def test_a_validation_error_names_the_places() -> None:
    """Each entry is place and message; the first place stays with the error."""
    entries = [
        {"loc": ["body", "log_ids", 0], "msg": "Field required", "type": "missing"},
        {"loc": [], "msg": "No place", "type": "x"},
    ]
    error = answer_failure(422, json.dumps({"detail": entries}).encode(), WHERE)
    assert str(error) == "body.log_ids.0: Field required; No place"
    assert isinstance(error, Invalid)
    assert error.location == ("body", "log_ids", 0)


def test_of_many_entries_five_are_shown() -> None:
    """The rest is counted."""
    message = said(422, [{"loc": ["body", number], "msg": "bad", "type": "x"} for number in range(8)])
    assert message == "body.0: bad; body.1: bad; body.2: bad; body.3: bad; body.4: bad; and 3 more"


def test_control_characters_are_taken_out() -> None:
    """Line breaks, terminal codes and characters that turn the direction of text become spaces."""
    assert said(409, "one\n\ttwo\x1b[31m three\u202e\u200b four") == "one two [31m three four"


def test_a_long_text_is_cut_but_never_through_a_key() -> None:
    """The key is taken out before the text is cut, so that not even its beginning stays."""
    message = said(409, "x" * 490 + KEY)
    assert len(message) <= 500
    assert "hl_" not in message
    long_place = said(422, [{"loc": ["y" * 70 + KEY], "msg": "bad", "type": "x"}])
    assert "hl_" not in long_place


@pytest.mark.parametrize(
    "text",
    [
        'Traceback (most recent call last):\n  File "/srv/app.py", line 3, in get',
        "(sqlalchemy.exc.OperationalError) connection to server failed [SQL: SELECT 1]",
        "psycopg.errors.UndefinedTable: relation does not exist",
        "sqlite3.OperationalError: database is locked",
        "at com.example.Server.run(Server.java:42)",
    ],
)
def test_the_innards_of_a_server_are_not_shown(text: str) -> None:
    """Tracebacks and messages of drivers are replaced by fixed words, unless the server's words are made for users."""
    for status in (400, 404, 409, 422, 500, 503):
        message = said(status, text)
        assert text[:20] not in message
        assert "api.example.com" in message
    assert "OperationalError" in said(404, "No evaluator is named `OperationalError`.", trusted=True)


def test_nothing_at_the_address_says_to_check_it() -> None:
    """A 404 that says nothing, or only what frameworks say by themselves, is about the address."""
    for content in (b"", b"<html>", b'{"detail": "Not Found"}', b"{}"):
        error = answer_failure(404, content, WHERE)
        assert str(error) == f"{WHERE} has nothing at this address. Check the base URL."


def test_a_request_without_tls_to_a_port_with_tls_is_told() -> None:
    """nginx answers it with 400 and a page of its own."""
    page = b"<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>"
    assert "https://" in str(answer_failure(400, page, WHERE))
    assert "https://" not in str(answer_failure(409, page, WHERE))


def test_errors_of_the_server_name_it() -> None:
    """A refused key or a server in trouble is told with the host, the status and the asked wait."""
    assert said(401, None) == f"{WHERE} answered 401: The API key is missing or wrong."
    advised = said(401, "Wrong key.", trusted=True, key_advice="Set KEY.", retry_after=1)
    assert advised == f"{WHERE} answered 401: Wrong key. Set KEY. Wait 1 s before you retry."
    assert said(403, "No.", trusted=True, key_advice="Set KEY.") == f"{WHERE} answered 403: No."
    assert said(503, "The database is busy.", trusted=True) == f"{WHERE} answered 503: The database is busy."
    assert said(507, "The workspace is full.", trusted=True) == "The workspace is full."
    assert said(403, "Read only.") == f"{WHERE} answered 403: Read only."
    assert said(429, None, retry_after=90.4).endswith("later. Wait 90 s before you retry.")
    assert said(500, None).startswith(f"{WHERE} answered 500: ")
    assert said(308, None).startswith(f"{WHERE} redirects")


def test_only_a_write_that_may_have_arrived_is_called_uncertain() -> None:
    """Reads change nothing, and what was never sent neither."""
    uncertain = "may have succeeded"
    assert uncertain in str(network_failure("timeout", WHERE, changing=True))
    assert uncertain in str(network_failure("cut", WHERE, changing=True))
    assert uncertain not in str(network_failure("cut", WHERE, changing=False))
    assert uncertain not in str(network_failure("connect", WHERE, changing=True))
    assert "certificate" in str(network_failure("certificate", WHERE, changing=False))
