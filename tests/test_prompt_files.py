"""The text form of prompts and agents."""

import string
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from evals_mcp.errors import Invalid
from evals_mcp.models.kernels import AgentKernelRequest, PromptKernelRequest
from evals_mcp.prompt_files import read_prompt_file, write_prompt_file

_EXAMPLE = """---
model: gpt-4o
temperature: 0.7
max_tokens: -1
provider: openai
endpoint: chat
tools: [
  {
    "name": "get_weather",
    "description": "Get the weather",
    "parameters": {"type": "object", "properties": {"place": {"type": "string"}}}
  }
]
---

<system>
  You are kind.
    Be brief.
</system>

<user name="ann">
  <text>
    What is this?
  </text>
  <image url="https://example.org/a.png" />
</user>

<assistant>
  Let me look.
  <tool name="get_weather" id="call_1">
    {
      "place": "Rome"
    }
  </tool>
</assistant>

<tool id="call_1">
  Sunny.
</tool>
"""


def test_a_file_written_by_hand_is_read() -> None:
    """Header, indented messages, parts, calls of tools and their answers."""
    kernel = read_prompt_file(_EXAMPLE)
    assert {key: kernel[key] for key in ("model", "temperature", "max_tokens", "provider", "endpoint")} == {
        "model": "gpt-4o",
        "temperature": 0.7,
        "max_tokens": -1,
        "provider": "openai",
        "endpoint": "chat",
    }
    assert kernel["tools"][0]["parameters"]["properties"] == {"place": {"type": "string"}}
    image = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    call = {"name": "get_weather", "arguments": '{\n  "place": "Rome"\n}'}
    assert kernel["template"] == [
        {"role": "system", "content": "You are kind.\n  Be brief."},
        {"role": "user", "name": "ann", "content": [{"type": "text", "text": "What is this?"}, image]},
        {
            "role": "assistant",
            "content": "Let me look.",
            "tool_calls": [{"id": "call_1", "type": "function", "function": call}],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "Sunny."},
    ]
    PromptKernelRequest.model_validate(kernel)


def test_a_simple_prompt_is_written_as_a_person_would() -> None:
    """Parameters in their order, and messages as elements."""
    template = [{"role": "system", "content": "Be kind to {{name}}."}, {"role": "user", "content": "{{question}}"}]
    text = write_prompt_file({"model": "m", "temperature": 1.0, "stop": ["\n"], "template": template})
    assert text == (
        '---\nmodel: m\ntemperature: 1.0\nstop:\n- "\\n"\n---\n\n'
        "<system>\nBe kind to {{name}}.\n</system>\n\n<user>\n{{question}}\n</user>\n"
    )


def test_a_text_template_stands_below_the_header() -> None:
    """Without elements; tags inside of it are text."""
    text = write_prompt_file({"model": "m", "template": "Say <b>{{it}}</b>"})
    assert text == "---\nmodel: m\n---\n\nSay <b>{{it}}</b>\n"


_text = st.text(
    st.sampled_from(list(string.ascii_letters + " \n\t<>/\"'{}:#-|&*!%@`,[]=\\éß語\U0001f600\x85\u2028\ufeff\x7f\r")),
    max_size=25,
) | st.sampled_from(
    [
        "</user>",
        "<tool name=",
        "---",
        "\n---\n",
        "true",
        "null",
        "1.0",
        "2024-01-01",
        "~",
        "<<",
        "<text>a</text>",
        "=",
        "&a",
        "*a",
        "\\u0000",
    ]
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _text,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(_text, below, max_size=3),
    max_leaves=6,
)
_call = st.fixed_dictionaries(
    {"id": _text, "function": st.fixed_dictionaries({"name": _text}, optional={"arguments": _text})}
)
_part = st.fixed_dictionaries({"type": st.just("text"), "text": _text}) | st.fixed_dictionaries(
    {
        "type": st.just("image_url"),
        "image_url": st.fixed_dictionaries({"url": _text}, optional={"detail": _text}),
    }
)
_message = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant", "tool", "developer"])},
    optional={
        "content": _text | st.lists(_part, max_size=3),
        "name": _text,
        "tool_call_id": _text,
        "tool_calls": st.lists(_call, max_size=2),
    },
)
_parameters: dict[str, st.SearchStrategy[Any]] = {
    "template": _text | st.lists(_message, max_size=3),
    "temperature": st.floats(allow_nan=False, allow_infinity=False),
    "max_tokens": st.integers(-(2**63), 2**63 - 1),
    "stop": _text | st.lists(_text, max_size=2),
    "other": st.dictionaries(_text, _json, max_size=3),
    "attributes": st.dictionaries(_text, _json, max_size=3),
    "reasoning_effort": st.sampled_from(["high", 7]),
}
_prompts = st.fixed_dictionaries(
    {"model": _text}, optional={**_parameters, "linked_tools": st.lists(_text, max_size=2)}
).map(lambda content: PromptKernelRequest.model_validate(content).kernel())
_agents = st.fixed_dictionaries(
    {"model": _text},
    optional={
        **_parameters,
        "max_iterations": st.integers(0, 9),
        "tools": st.lists(
            st.fixed_dictionaries({"type": st.just("file"), "link": st.fixed_dictionaries({"file_id": _text})}),
            max_size=2,
        ),
    },
).map(lambda content: AgentKernelRequest.model_validate(content).kernel())


@settings(max_examples=150, deadline=None)
@given(_prompts | _agents)
@example({"model": "m", "template": []})
@example({"model": "m", "template": ""})
@example({"model": "m", "template": [{"role": "user", "content": "<user>"}]})
@example({"model": "m", "template": [{"role": "user", "content": "a\n  \nb"}]})
@example({"model": "m", "template": [{"role": "assistant", "tool_calls": []}]})
def test_what_is_written_is_read_again(kernel: dict[str, Any]) -> None:
    """Every kernel, whatever is in its texts."""
    assert read_prompt_file(write_prompt_file(kernel)) == kernel


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=60) | st.text(st.sampled_from(list("-\n:<>/user system tool{}&*[]'\" a1")), max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    """And never anything else."""
    for candidate in (text, f"---\n{text}\n---\n", f"---\nmodel: m\n---\n{text}"):
        with suppress(Invalid):
            read_prompt_file(candidate)


@pytest.mark.parametrize(
    "text",
    [
        "---\na: &x [1]\nb: *x\n---\n",
        "---\n1\n---\n",
        "---\n---\n",
        "---\na: [\n---\n",
        "---\na: !!python/object:os.system x\n---\n",
        "---\na: .nan\n---\n",
        '---\na: "\\0"\n---\n',
        '---\na: "\\ud800"\n---\n',
        "---\n? [1]\n: 2\n---\n",
        "---\na: " + "[" * 5000 + "\n---\n",
        "---\na: " + "x" * 1_000_001 + "\n---\n",
        "---\na: [" + "1," * 100_000 + "]\n---\n",
        "---\nmodel: m\n---\n" + "<user></user>" * 50_001,
        "---\nmodel: m\n---\n<user>a</user> and more",
        "---\nmodel: m\ntemplate: a\n---\nb",
        "model: m",
    ],
)
def test_bad_text_is_refused(text: str) -> None:
    """Aliases, other values than JSON's, text between messages, two templates, no header, too much."""
    with pytest.raises(Invalid) as caught:
        read_prompt_file(text, ("body", "agent"))
    assert caught.value.location == ("body", "agent")


def test_dates_are_text() -> None:
    """JSON has none."""
    assert read_prompt_file("---\nmodel: 2024-01-01\n---\n") == {"model": "2024-01-01"}


def test_many_unclosed_tags_take_no_time() -> None:
    """The reader never looks for the same end twice."""
    body = "<assistant></tool>" + '<tool name="a" id="b">' * 30_000 + "</assistant>"
    assert "tool_calls" not in read_prompt_file(f"---\nmodel: m\n---\n{body}")["template"][0]
