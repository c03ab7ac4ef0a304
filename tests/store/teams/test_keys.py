"""API keys as text."""

import hashlib
import re

from hypothesis import given
from hypothesis import strategies as st

from evals_mcp.store.teams.keys import (
    is_same,
    key_id_of,
    new_secret,
    page_token,
    page_token_id,
    secret_digest,
    without_keys,
)


def test_a_key_tells_its_id_and_hides_the_rest() -> None:
    """The id is read from the key; what is kept is the digest of the whole key."""
    made = new_secret()
    assert key_id_of(made.secret) == made.key_id
    assert made.digest == hashlib.sha256(made.secret.encode()).hexdigest()
    assert made.secret not in made.digest


def test_keys_differ() -> None:
    """No two keys share an id or a secret."""
    made = [new_secret() for _ in range(200)]
    assert len({key.key_id for key in made}) == len({key.digest for key in made}) == 200


def test_what_a_browser_keeps_comes_from_the_whole_key() -> None:
    """Its id alone, which the log has, gives nobody a page; and it tells nothing of the key."""
    made, other = new_secret(), new_secret()
    token = page_token(made.key_id, made.digest)
    assert page_token_id(token) == made.key_id
    assert token != page_token(made.key_id, other.digest)
    for part in (made.secret, made.secret.rpartition("_")[2], made.digest):
        assert part not in token


@given(st.text())
def test_other_text_is_no_key(text: str) -> None:
    """Any text can be asked about; it has no id unless it has the form of a key."""
    assert key_id_of(text) is None
    assert not is_same(secret_digest(text), new_secret().digest)


def test_a_key_with_something_around_it_is_no_key() -> None:
    """The whole text must be the key."""
    secret = new_secret().secret
    for text in (f" {secret}", f"{secret}\n", secret[:-1], f"{secret}0", secret.upper()):
        assert key_id_of(text) is None


@given(st.text(), st.text())
def test_a_text_keeps_everything_but_the_keys_in_it(before: str, after: str) -> None:
    """Whole keys and parts of them, and those of a model's provider."""
    secret = new_secret().secret
    assert secret.rpartition("_")[2] not in without_keys(f"{before}{secret}{after}")
    assert without_keys(f"/a/{secret[:30]}/b") == "/a/evalsmcp_***/b"
    assert without_keys("/a/sk-proj-0123456789abcdef/b") == "/a/sk-***/b"
    if "evalsmcp_" not in before.lower() and not re.search("sk[-_]", before, re.IGNORECASE):
        assert without_keys(before) == before
