"""One member of a JSON text changes; every other byte stays, and what was added is taken away again without a trace."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals_mcp.errors import Invalid
from evals_mcp.hosts import json_text

ENTRY = {"command": "/bin/evals-mcp", "args": []}
PATH = ("mcpServers", "evals")
COMMENTED = """\
// settings of one person
{
    "theme": "dark", // at night
    /* servers */
    "mcpServers": {
        // the first
        "other": { "command": "x" }, // keep
    },
    "last": [1, 2, // two
    ],
}
"""
TEXTS = [
    "{}",
    "{}\n",
    "{ }\n",
    '{"a": 1}',
    '{"a": 1, "mcpServers": {"b": {"command": "c"}}}',
    '{\n  "a": 1\n}\n',
    '{\r\n\t"a": {\r\n\t\t"b": 1\r\n\t}\r\n}\r\n',
    '\ufeff{\n  "a": 1\n}',
    '{\n  "a": 1 // one\n}',
    '{\n  "a": 1, // one\n}',
    '{\n  "a": 1 /* } */ , // , }\n  // {"\n}',
    '{"a": 1,}',
    "{ // nothing yet\n}",
    "{ /* nothing yet */ }",
    '{\n  "mcpServers": {\n    "b": 1\n  }\n}',
    '{\n  "mcpServers": {\n    "b": 1 // "\n    // }\n  }\n}',
    '{"a":"\\"//","mcpServers":{"b":1 }\n}',
    COMMENTED,
]


def test_a_number_of_any_length_is_read() -> None:
    """Python refuses to turn thousands of digits into a whole number."""
    text = f'{{"a": {"9" * 5_000}, "b": -{"1" * 5_000}e-4990}}'
    added = json_text.set_value(text, PATH, ENTRY)
    assert added.startswith(text[:-1])
    assert json_text.remove(added, PATH) == text


@pytest.mark.parametrize("text", TEXTS)
def test_a_member_is_added_and_taken_away_without_a_trace(text: str) -> None:
    """Whatever comments, commas, ends of lines and indentation there are."""
    before = json_text.read(text)
    added = json_text.set_value(text, PATH, ENTRY)
    wanted = {**before, "mcpServers": {**before.get("mcpServers", {}), "evals": ENTRY}}
    assert json_text.read(added) == wanted
    assert json_text.set_value(added, PATH, ENTRY) == added
    removed = json_text.remove(added, PATH)
    assert json_text.read(removed) == before
    assert re.sub(r"\s*\}", "}", removed) == re.sub(r"\s*\}", "}", text)


def test_what_is_added_looks_as_what_is_there() -> None:
    """The indentation of the text, its comma behind the last member, and comments where they were."""
    assert json_text.set_value(COMMENTED, PATH, ENTRY) == COMMENTED.replace(
        "// keep\n",
        '// keep\n        "evals": {\n            "command": "/bin/evals-mcp",\n            "args": []\n        },\n',
    )


def test_a_value_is_replaced_where_it_stands() -> None:
    """Comments in front of it and behind it stay."""
    text = '{\n  "a": /* old */ 1, // why\n  "b": 2\n}'
    assert json_text.set_value(text, ("a",), "x") == text.replace("1,", '"x",')


def test_a_member_in_the_middle_is_removed_with_its_comma() -> None:
    """And a comment beside it stays a comment."""
    text = '{\n  "a": 1, // one\n  "b": 2, // two\n  "c": 3\n}'
    removed = json_text.remove(text, ("b",))
    assert json_text.read(removed) == {"a": 1, "c": 3}
    assert "// one" in removed
    assert "// two" in removed


def test_what_holds_only_comments_stays() -> None:
    """A section is removed with its last server only if nothing is left in it."""
    text = '{"mcpServers": {\n  // mine\n  "evals": 1\n}}'
    assert json_text.remove(text, PATH) == '{"mcpServers": {\n  // mine\n}}'
    assert json_text.remove("{}", PATH) == "{}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "line 1, column 2: a name in double quotes or } is missing"),
        ('{"a" 1}', "line 1, column 6: a colon is missing"),
        ('{\n"a": 1\n"b": 2}', "line 3, column 1: a comma or } is missing"),
        ('{"a": }', "line 1, column 7: a value is missing"),
        ('{"a": [1 2]}', "line 1, column 10: a comma or ] is missing"),
        ("{} {}", "line 1, column 4: more text follows the value"),
        ("[1]", "line 1, column 1: it is no object in braces"),
        ("{'a': 1}", "line 1, column 2: a name in double quotes"),
        ('{"a": 01}', "line 1, column 7: a value is missing"),
        ('{"a": "\n"}', "line 1, column 7: a value is missing"),
        ("/* {}", "line 1, column 1: a value is missing"),
        ('{"a":' * 101 + "1" + "}" * 101, "it is nested more than 100 levels deep"),
    ],
)
def test_what_is_no_json_is_told_with_its_place(text: str, words: str) -> None:
    """So that a person finds it."""
    with pytest.raises(Invalid, match=re.escape(words)):
        json_text.read(text)


def test_a_section_that_is_no_object_is_not_replaced() -> None:
    """A person may have meant something else."""
    with pytest.raises(Invalid, match="mcpServers is no object in braces"):
        json_text.set_value('{"mcpServers": []}', PATH, ENTRY)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=30)
@given(
    data=st.dictionaries(st.text(max_size=4) | st.just("mcpServers"), VALUES, max_size=4),
    servers=st.dictionaries(st.sampled_from("abc"), VALUES, max_size=2),
    indent=st.sampled_from([None, 2, "\t"]),
)
def test_any_json_is_read_as_python_reads_it_and_comes_back(data: Any, servers: Any, indent: Any) -> None:
    """Generated objects, compact and indented."""
    if "mcpServers" in data:
        data["mcpServers"] = {**servers, "z": 1}
    text = json.dumps(data, indent=indent, ensure_ascii=False)
    assert json_text.read(text) == data
    added = json_text.set_value(text, PATH, ENTRY)
    assert json.loads(added) == {**data, "mcpServers": {**data.get("mcpServers", {}), "evals": ENTRY}}
    assert json_text.remove(added, PATH) == text


@pytest.mark.parametrize("depth", [99, 100, 101, 102, 5_000])
def test_what_is_read_can_be_changed(depth: int) -> None:
    """What is nested too deep for a change is refused when it is read, with and without comments."""
    for text in (f'{{"a": {"[" * depth}{"]" * depth}}}', f'{{"a": {"[" * depth}0{"]" * depth}}} // deep'):
        try:
            json_text.read(text)
        except Invalid:
            with pytest.raises(Invalid):
                json_text.set_value(text, PATH, ENTRY)
        else:
            assert json_text.read(json_text.set_value(text, PATH, ENTRY))["mcpServers"] == {"evals": ENTRY}
