"""The SDK's `@flow`, `@prompt` and `@tool`: what they send by themselves, and under `evaluations.run`."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

Record = dict[str, Any]


def newest_log(client: Any, path: str) -> Record:
    """The newest log of the file at a path, whole, as the SDK gives it: the JSON itself."""
    file = client.files.retrieve_by_path(path=path)
    first = next(iter(client.logs.list(file_id=file.id)))
    log: Record = client.logs.get(id=first.id)
    return log


def completed_log(client: Any, path: str) -> Record:
    """The newest log of a flow, as soon as its span was sent, which is behind the spans of what it called."""
    for _ in range(200):
        log = newest_log(client, path)
        if log["log_status"] == "complete":
            return log
        time.sleep(0.05)
    raise AssertionError("the span was not sent")


def test_a_tool_is_logged_with_the_schema_of_its_function(client: Any, traced: Any, folder: str) -> None:
    """Types that the span lost are what they were; inputs come as texts."""

    @traced.client.tool(path=f"{folder}/add", attributes={"team": "x"}, setup_values={"key": "k"})
    def add(a: int, b: int = 2) -> int:
        """Add."""
        return a + b

    assert add(1) == 3
    traced.sent()
    log = newest_log(client, f"{folder}/add")
    assert (log["output"], log["inputs"], log["error"], log["log_status"]) == (
        "3",
        {"a": "1", "b": "2"},
        None,
        "complete",
    )
    assert log["start_time"] <= log["end_time"]
    function = log["tool"]["function"]
    assert (function["name"], function["description"], function["strict"]) == ("add", "Add.", True)
    assert function["parameters"]["required"] == ["a", "b"]
    assert function["parameters"]["properties"]["a"] == {"type": "integer"}
    assert function["parameters"]["additionalProperties"] is False
    assert log["tool"]["attributes"] == {"team": "x"}
    assert log["tool"]["setup_values"] == {"key": "k"}
    assert "def add" in log["tool"]["source_code"]


def test_the_same_tool_is_the_same_version(client: Any, traced: Any, folder: str) -> None:
    """Calls add logs and no versions, whatever order the span's attributes come in."""

    @traced.client.tool(path=f"{folder}/join")
    def join(words: list[str], options: dict[str, str] | None = None) -> str:
        """Join words."""
        return " ".join(words)

    join(["a", "b"])
    join(["c"], options={"x": "y"})
    traced.sent()
    tool = client.files.retrieve_by_path(path=f"{folder}/join")
    assert len(client.tools.list_versions(id=tool.id).records) == 1
    assert {log.output for log in client.logs.list(file_id=tool.id)} == {"a b", "c"}


def test_a_tool_that_raises_is_logged_with_its_error(client: Any, traced: Any, folder: str) -> None:
    """The decorator swallows the error; the log keeps it."""

    @traced.client.tool(path=f"{folder}/broken")
    def broken(a: int) -> int:
        """Break."""
        raise ValueError(f"no {a}")

    with pytest.raises(UnboundLocalError):  # the SDK's own mistake, after it made the log
        broken(1)


def test_a_flow_is_completed_by_its_span(client: Any, traced: Any, folder: str) -> None:
    """Inputs keep their types; the log is made at the start and completed at the end."""

    @traced.client.flow(path=f"{folder}/flow", attributes={"v": "1"})
    def answer(question: str, number: int) -> str:
        return f"{question} {number}"

    assert answer("why", 3) == "why 3"
    traced.sent()
    log = newest_log(client, f"{folder}/flow")
    assert (log["output"], log["inputs"], log["log_status"]) == ("why 3", {"question": "why", "number": 3}, "complete")
    assert log["flow"]["attributes"] == {"v": "1"}
    assert (log["trace_children"], log["trace_parent_id"]) == ([], None)


def test_a_flow_that_raises_is_completed_with_its_error(client: Any, traced: Any, folder: str) -> None:
    """The decorated function returns None."""

    @traced.client.flow(path=f"{folder}/flow")
    def broken(question: str) -> str:
        raise ValueError("oops")

    assert broken("why") is None
    traced.sent()
    log = newest_log(client, f"{folder}/flow")
    assert (log["output"], log["error"], log["log_status"]) == (None, "oops", "complete")


def test_a_flow_that_returns_a_message_has_an_output_message(client: Any, traced: Any, folder: str) -> None:
    """Messages that came in are kept as messages and not as inputs."""

    @traced.client.flow(path=f"{folder}/chat")
    def chat(messages: list[Record]) -> Record:
        return {"role": "assistant", "content": "Hello"}

    chat(messages=[{"role": "user", "content": "Hi"}])
    traced.sent()
    log = newest_log(client, f"{folder}/chat")
    assert log["output"] is None
    assert (log["output_message"]["role"], log["output_message"]["content"]) == ("assistant", "Hello")
    assert [message["content"] for message in log["messages"]] == ["Hi"]
    assert log["inputs"] == {}


def test_what_happens_in_a_flow_is_its_trace(client: Any, sdk: Any, traced: Any, folder: str) -> None:
    """Tools, flows inside, and logs written by hand hang below it, each where it was called."""

    @traced.client.tool(path=f"{folder}/double")
    def double(n: int) -> int:
        """Double."""
        return 2 * n

    @traced.client.flow(path=f"{folder}/inner")
    def inner(n: int) -> str:
        return str(double(n))

    @traced.client.flow(path=f"{folder}/outer")
    def outer(n: int) -> str:
        traced.client.prompts.log(path=f"{folder}/prompt", prompt={"model": "m"}, inputs={"n": n}, output="x")
        traced.client.tools.log(
            path=f"{folder}/tool", tool={"function": {"name": "t", "description": "d"}}, inputs={"n": n}, output="y"
        )
        return inner(n)

    assert outer(4) == "8"
    traced.sent()
    log = newest_log(client, f"{folder}/outer")
    prompt, tool, flow = log["trace_children"]
    assert [prompt["output"], tool["output"], flow["output"]] == ["x", "y", "8"]
    assert {child["trace_parent_id"] for child in (prompt, tool, flow)} == {log["id"]}
    (inner_tool,) = flow["trace_children"]
    assert (inner_tool["output"], inner_tool["trace_parent_id"]) == ("8", flow["id"])
    assert {child["trace_id"] for child in (prompt, tool, flow, inner_tool)} == {log["id"]}
    listed = next(iter(client.logs.list(file_id=log["flow"]["id"], include_trace_children=True)))
    assert [type(child) for child in listed.trace_children] == [
        sdk.PromptLogResponse,
        sdk.ToolLogResponse,
        sdk.FlowLogResponse,
    ]


def test_a_flow_that_the_sdk_gives_up_is_deleted(client: Any, sdk: Any, traced: Any, folder: str) -> None:
    """A prompt that cannot be called is fatal to the decorator, which takes its log back."""
    client.prompts.upsert(path=f"{folder}/prompt", model="gpt-4o")

    @traced.client.flow(path=f"{folder}/flow")
    def call() -> str:
        return str(traced.client.prompts.call(path=f"{folder}/prompt").logs[0].output)

    with pytest.raises(sdk.error.HumanloopRuntimeError):
        call()
    traced.sent()
    flow = client.files.retrieve_by_path(path=f"{folder}/flow")
    assert list(client.logs.list(file_id=flow.id)) == []


@contextmanager
def model_provider() -> Iterator[str]:
    """The address of a provider that answers every chat with `Paris`."""

    class Provider(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            message = {"role": "assistant", "content": "Paris"}
            body = json.dumps(
                {
                    "id": "1",
                    "object": "chat.completion",
                    "created": 1,
                    "model": request["model"],
                    "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
                    "usage": {"prompt_tokens": 11, "completion_tokens": 2, "total_tokens": 13},
                }
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Provider) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}/v1"
        listening.shutdown()
        thread.join()


def test_a_prompt_is_logged_from_the_call_of_its_provider(client: Any, folder: str) -> None:
    """The real OpenAI client and its instrumentor: model, parameters, messages and tokens arrive."""
    openai = pytest.importorskip("openai", reason="needs the extra `sdk`: pip install -e .[test,sdk]")
    with model_provider() as url, openai.OpenAI(api_key="k", base_url=url) as provider:

        @client.prompt(path=f"{folder}/capital")
        def ask(country: str) -> str:
            messages = [{"role": "system", "content": "Be brief"}, {"role": "user", "content": country}]
            answer = provider.chat.completions.create(
                model="gpt-4o", temperature=0.3, top_p=0.9, max_tokens=7, messages=messages
            )
            return str(answer.choices[0].message.content)

        @client.flow(path=f"{folder}/flow")
        def flow(country: str) -> str:
            return ask(country)

        assert flow("France") == "Paris"
    (log,) = completed_log(client, f"{folder}/flow")["trace_children"]
    prompt = log["prompt"]
    assert (prompt["model"], prompt["provider"], prompt["endpoint"]) == ("gpt-4o", "openai", "chat")
    assert (prompt["temperature"], prompt["top_p"], prompt["max_tokens"]) == (0.3, 0.9, 7)
    assert [(message["role"], message["content"]) for message in log["messages"]] == [
        ("system", "Be brief"),
        ("user", "France"),
    ]
    assert (log["output_message"]["role"], log["output_message"]["content"]) == ("assistant", "Paris")
    assert (log["prompt_tokens"], log["output_tokens"], log["finish_reason"]) == (11, 2, "stop")


def test_a_prompt_is_logged_from_the_names_of_older_instrumentors(client: Any, traced: Any, folder: str) -> None:
    """Messages and tokens that come one attribute each are put together again."""
    from opentelemetry.trace import SpanKind

    tracer = traced.provider.get_tracer("opentelemetry.instrumentation.openai.v1")
    attributes = {
        "llm.request.type": "chat",
        "gen_ai.system": "OpenAI",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.prompt.0.role": "system",
        "gen_ai.prompt.0.content": "Be brief",
        "gen_ai.prompt.1.role": "user",
        "gen_ai.prompt.1.content": "hi",
        "gen_ai.completion.0.role": "assistant",
        "gen_ai.completion.0.content": "hello",
        "gen_ai.completion.0.finish_reason": "stop",
        "gen_ai.usage.prompt_tokens": 3,
        "gen_ai.usage.completion_tokens": 1,
    }

    @traced.client.prompt(path=f"{folder}/prompt")
    def ask() -> str:
        with tracer.start_as_current_span("openai.chat", kind=SpanKind.CLIENT) as span:
            span.set_attributes(attributes)
        return "hello"

    assert ask() == "hello"
    traced.sent()
    log = newest_log(client, f"{folder}/prompt")
    assert (log["prompt"]["model"], log["prompt"]["provider"]) == ("gpt-4o-mini", "openai")
    assert log["prompt"]["temperature"] == 0.5
    assert [message["content"] for message in log["messages"]] == ["Be brief", "hi"]
    assert log["output_message"]["content"] == "hello"
    assert (log["prompt_tokens"], log["output_tokens"]) == (3, 1)


def exact(log: Record, datapoint: Record) -> bool:
    """Whether the output is the expected one."""
    return bool(log["output"] == datapoint["target"]["output"])


def evaluate(client: Any, folder: str, file: Record) -> Any:
    """Evaluate a file over three datapoints with `exact`; what the evaluation says of its run."""
    points = [{"inputs": {"n": str(number)}, "target": {"output": str(2 * number)}} for number in (1, 2, 3)]
    client.evaluations.run(
        name="first",
        file=file,
        dataset={"path": f"{folder}/data", "datapoints": points},
        evaluators=[
            {"path": f"{folder}/exact", "callable": exact, "args_type": "target_required", "return_type": "boolean"}
        ],
    )
    (evaluation,) = client.evaluations.list(
        file_id=client.files.retrieve_by_path(path=file["callable"].file["path"]).id
    )
    return evaluation


def test_a_decorated_flow_is_evaluated(client: Any, folder: str) -> None:
    """Its logs join the run when their spans come; what is below them in the trace does not."""

    @client.tool(path=f"{folder}/double")
    def double(n: int) -> int:
        """Double."""
        return 2 * n

    @client.flow(path=f"{folder}/flow", attributes={"v": "1"})
    def flow(n: str) -> str:
        return str(double(int(n)))

    evaluation = evaluate(client, folder, {"type": "flow", "callable": flow})
    (run,) = client.evaluations.get_stats(id=evaluation.id).run_stats
    assert (run.status, run.num_logs, run.evaluator_stats[0].num_true) == ("completed", 3, 3)
    logs = client.evaluations.get_logs(id=evaluation.id).records
    assert {item.log.output for item in logs} == {"2", "4", "6"}
    assert {item.datapoint.target["output"] for item in logs} == {"2", "4", "6"}
    assert {item.log.flow.version_id for item in logs} == {run.version_id}
    for item in logs:
        (child,) = client.logs.get(id=item.log.id)["trace_children"]
        assert child["tool"]["path"] == f"{folder}/double"


def test_a_decorated_prompt_is_evaluated(client: Any, folder: str) -> None:
    """What it returns is logged, with the version that the evaluation names."""

    @client.prompt(path=f"{folder}/prompt")
    def prompt(n: str) -> str:
        return str(2 * int(n))

    file = {"type": "prompt", "callable": prompt, "version": {"model": "gpt-4o"}}
    evaluation = evaluate(client, folder, file)
    (run,) = client.evaluations.get_stats(id=evaluation.id).run_stats
    assert (run.status, run.num_logs, run.evaluator_stats[0].num_true) == ("completed", 3, 3)


def test_a_decorated_tool_is_not_evaluated(client: Any, folder: str) -> None:
    """The SDK itself refuses it, and cancels the run."""

    @client.tool(path=f"{folder}/double")
    def double(n: str) -> int:
        """Double."""
        return 2 * int(n)

    evaluation = evaluate(client, folder, {"type": "tool", "callable": double})
    assert client.evaluations.get_stats(id=evaluation.id).run_stats[0].status == "cancelled"
