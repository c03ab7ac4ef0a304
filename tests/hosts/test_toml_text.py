"""One table of a TOML text changes; comments and all other values stay."""

import re
import tomllib

import pytest

from evals_mcp.errors import Invalid
from evals_mcp.hosts import toml_text

ENTRY = {"command": "/bin/evals-mcp", "required": True, "env": {"A": 'b"c'}}
PATH = ("mcp_servers", "evals")
TEXTS = [
    "",
    'model = "x" # my model\n',
    "a=1",
    'model="x"\n\n[mcp_servers.other]\ncommand = "y" # keep\n\n# about a\n[profiles.a]\nb=1\n',
    '[mcp_servers.other]\ncommand="y"\n[mcp_servers.other.env]\nA="b"\n[x]\n[mcp_servers.third]\ncommand="z"\n',
    'mcp_servers.other.command = "x"\n[y]\na=1\n',
    "a=1\r\n[b]\r\nc=2\r\n",
    'a = """\n[mcp_servers.evals]\n"""\n\n\n[[projects]]\nb = 1\n# the end\n',
    "\ufeffa = 1\n",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_table_is_added_and_taken_away_without_a_trace(text: str) -> None:
    """It goes to the end, so that no byte before it changes."""
    data = toml_text.read(text)
    added = toml_text.set_value(text, PATH, ENTRY)
    assert added.startswith(text)
    assert toml_text.read(added) == {**data, "mcp_servers": {**data.get("mcp_servers", {}), "evals": ENTRY}}
    assert toml_text.set_value(added, PATH, ENTRY) == added
    assert toml_text.remove(added, PATH).rstrip() == text.rstrip()


def test_inline_tables_are_changed_in_their_line() -> None:
    """TOML forbids another header for them."""
    text = 'mcp_servers = { other = { command = "x" } } # mine\na = 1\n'
    added = toml_text.set_value(text, PATH, ENTRY)
    assert toml_text.read(added)["mcp_servers"] == {"other": {"command": "x"}, "evals": ENTRY}
    assert added.endswith("} # mine\na = 1\n")
    assert toml_text.read(toml_text.remove(added, PATH)) == toml_text.read(text)


def test_a_value_changes_where_it_stands() -> None:
    """Comments and other values of the table stay."""
    text = '[mcp_servers.evals]\ncommand = "old" # mine\nstartup_timeout_sec = 20\n\n# about x\n[x]\n'
    changed = toml_text.set_value(text, (*PATH, "command"), "new")
    assert changed == text.replace('"old"', '"new"')
    more = tomllib.loads(toml_text.set_value(text, (*PATH, "env", "A"), "b"))["mcp_servers"]["evals"]
    assert more == {"command": "old", "startup_timeout_sec": 20, "env": {"A": "b"}}


def test_a_comment_behind_a_removed_table_stays() -> None:
    """It is about what comes next."""
    text = '[mcp_servers.evals]\ncommand = "x"\n[mcp_servers.evals.env]\nA = "b"\n\n# about x\n[x]\na = 1\n'
    assert toml_text.remove(text, PATH).strip() == "# about x\n[x]\na = 1"
    assert toml_text.remove("[x]\na = 1\n", PATH) == "[x]\na = 1\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = \n", "line 1, column 5"),
        ("[mcp_servers", "at end of document"),
        ("mcp_servers = 3\n", "mcp_servers is no table"),
    ],
)
def test_what_cannot_be_changed_is_told(text: str, words: str) -> None:
    """With its place in the text."""
    with pytest.raises(Invalid, match=re.escape(words)):
        toml_text.set_value(text, PATH, ENTRY)
