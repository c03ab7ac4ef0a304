"""Resources: reports, runs and logs, as a client attaches them in both eras of the protocol."""

import csv
import io
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import anyio
import pytest
from mcp.types import INTERNAL_ERROR, INVALID_PARAMS, TextResourceContents
from tests.documented_only import documented_client, mirror_of

from evals_mcp.answers.frame.tokens import estimate
from evals_mcp.client.client import EvalsClient
from evals_mcp.config import Settings
from evals_mcp.mcp.resources import BUDGET
from evals_mcp.mcp.server import EvalsServer, build_server
from evals_mcp.models.datapoints import CreateDatapointRequest
from evals_mcp.models.datasets import DatasetRequest
from evals_mcp.models.evaluations import CreateEvaluationRequest
from evals_mcp.models.log_requests import PromptLogRequest
from evals_mcp.models.prompts import PromptRequest
from evals_mcp.models.references import FileReference, VersionReference
from evals_mcp.models.runs import CreateRunRequest
from evals_mcp.wiring import build_client, build_mcp_server, open_embedded_app
from mcp import Client, MCPError

pytestmark = pytest.mark.anyio
SAMPLE = "Which prompt answers tickets"
HOSTILE = "](http://evil.example) ![x](http://evil.example/p.png) <img src=x>\n# All good\u202e | `"


@pytest.fixture(params=["legacy", "2026-07-28"])
async def client(request: pytest.FixtureRequest, sample_database: Path) -> AsyncIterator[Client]:
    """A client of a server on the sample."""
    server = build_mcp_server(Settings(database=str(sample_database)))
    async with Client(server, mode=request.param) as client:
        yield client


async def read(client: Client, *parts: str) -> TextResourceContents:
    """The text at an address, given part by part."""
    address = "evals://" + "/".join(quote(part, safe="") for part in parts)
    (content,) = (await client.read_resource(address)).contents
    assert isinstance(content, TextResourceContents)
    assert content.uri == address
    return content


async def test_addresses_are_listed_as_templates(client: Client) -> None:
    """Hosts see what can be attached, with a title and a media type."""
    listed = (await client.list_resource_templates()).resource_templates
    assert [(item.uri_template, item.mime_type) for item in listed] == [
        ("evals://evaluations/{evaluation}", "text/markdown"),
        ("evals://evaluations/{evaluation}/table", "text/csv"),
        ("evals://evaluations/{evaluation}/journal", "text/plain"),
        ("evals://evaluations/{evaluation}/runs/{run}", "text/plain"),
        ("evals://logs/{log}", "text/plain"),
    ]
    assert all(item.title and item.description for item in listed)


async def test_a_report_shows_runs_comparisons_and_what_is_odd(client: Client) -> None:
    """The regression with its pairs and verdict, the constant evaluator, and each kind of missing."""
    content = await read(client, "evaluations", SAMPLE)
    assert content.mime_type == "text/markdown"
    lines = content.text.splitlines()
    assert lines[0] == f'# Evaluation `"{SAMPLE}"`'
    assert {"## Runs", "## Compared with v1-baseline", "## Notes"} <= set(lines)
    assert any(line.startswith("| v2-concise | running | 40 | 61.5% true (unpaired -23.5 points)") for line in lines)
    (regression,) = [line for line in lines if line.startswith("| v2-concise | `policy_correct` |")]
    assert regression.split(" | ")[2:6] == ["39", "84.6%", "61.5%", "-23.1 points"]
    assert regression.endswith("| 0/9/30 | worse |")
    assert "`contains_greeting` is true on all 120 logs" in content.text
    for kind in ("1 failed judgment", "1 abstained judgment", "3 missing judgments"):
        assert kind in content.text


async def test_a_report_is_where_the_api_says_it_is(client: Client, sample_database: Path) -> None:
    """The address in an evaluation's `url` can be read."""
    async with build_client(Settings(database=str(sample_database))) as api:
        resolved = await api.reviews.get_evaluation(SAMPLE)
        evaluation = await api.raw_pages.evaluation(resolved.id)
    (content,) = (await client.read_resource(evaluation["url"])).contents
    assert isinstance(content, TextResourceContents)
    assert resolved.id in content.text.splitlines()[0] + content.text.splitlines()[2]


async def test_names_paths_and_beginnings_do_for_ids(client: Client) -> None:
    """What finds an evaluation or run in a tool finds it in an address."""
    by_name = (await read(client, "evaluations", SAMPLE)).text
    for word in ("support/answer-ticket", "Which prompt", "which PROMPT answers tickets"):
        assert (await read(client, "evaluations", word)).text == by_name
    run = (await read(client, "evaluations", SAMPLE, "runs", "v2")).text
    assert (await read(client, "evaluations", SAMPLE, "runs", "v2-concise")).text == run


async def test_a_run_shows_its_figures_its_difference_and_logs(client: Client) -> None:
    """A candidate is compared with the control; the control itself with nothing."""
    text = (await read(client, "evaluations", SAMPLE, "runs", "v2-concise")).text
    assert "policy_correct | 61.5% true | 39 | 0 | 0 | 1" in text
    assert "Compared with v1-baseline:" in text
    assert "40 logs in v2-concise, newest first." in text
    assert 'More logs: get_logs(evaluation="evr_' in text
    control = (await read(client, "evaluations", SAMPLE, "runs", "control")).text
    assert "helpfulness | 4.31 | 39 | 1 | 0 | 0" in control
    assert "Compared with" not in control


async def test_a_table_leaves_texts_out_before_it_names_the_command(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All columns, then those without long texts, then how to write a file."""
    headers = []
    for budget in (40_000, 20_000, 1_000):
        monkeypatch.setattr("evals_mcp.mcp.resources.BUDGET", budget)
        content = await read(client, "evaluations", SAMPLE, "table")
        assert estimate(content.text) <= budget
        headers.append(content.text.splitlines()[0])
        rows = list(csv.DictReader(io.StringIO(content.text)))
        assert len(rows) == (120 if budget > 1_000 else 0)
    assert "output" in headers[0].split(",")
    assert headers[1].startswith("run,datapoint,log,error,latency,")
    assert re.fullmatch(r"120 logs: too many .*evals-mcp export evr_\w+ --to table.csv", headers[2])


async def test_a_log_is_shown_whole(client: Client) -> None:
    """Inputs, output and judgments with explanations, as get_log shows them."""
    run = (await read(client, "evaluations", SAMPLE, "runs", "v2")).text
    log = next(line.split(" ")[0] for line in run.splitlines() if line.startswith("log_"))
    text = (await read(client, "logs", log)).text
    assert re.match(rf"Log {log}\w{{15}} of ", text)
    assert "policy_correct" in text


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (("evaluations", "Which prompts answer"), SAMPLE),
        (("evaluations", SAMPLE, "runs", "v2-concice"), "v2-concise"),
        (("evaluations", SAMPLE, "runs", "v"), "matches 3: v3-policy-quotes, v2-concise"),
        (("logs", "nothing"), "get_logs lists log ids"),
        (("evaluations",), "evals://evaluations/{evaluation}"),
        (("evaluations", "support", "answer-ticket"), "write / as %2F"),
        (("evaluations", "\x00"), "evaluation: must not contain NUL characters."),
        (("evaluations", " "), "evaluation: is empty"),
    ],
)
async def test_what_is_not_there_is_an_error_that_names_what_is(
    client: Client, parts: tuple[str, ...], words: str
) -> None:
    """Hosts get -32602 with the address, and a person the nearest names."""
    with pytest.raises(MCPError) as caught:
        await read(client, *parts)
    assert caught.value.error.code == INVALID_PARAMS
    assert words in caught.value.error.message
    assert caught.value.error.data == {"uri": "evals://" + "/".join(quote(part, safe="") for part in parts)}


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_a_database_that_cannot_be_read_is_told_in_a_sentence(tmp_path: Path, mode: str) -> None:
    """The resource is not missing, so the code is another; no driver's message comes with it."""
    (tmp_path / "broken.db").write_bytes(b"no database at all, but long enough to look like one" * 100)
    async with Client(build_mcp_server(Settings(database=str(tmp_path / "broken.db"))), mode=mode) as client:
        with pytest.raises(MCPError) as caught:
            await read(client, "evaluations", "x")
    assert caught.value.error.code == INTERNAL_ERROR
    assert caught.value.error.message.startswith("The database file is damaged or not a SQLite database.")


async def test_an_error_nobody_foresaw_is_told_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    """What went wrong is in the server's log, under a reference that the person sees."""

    def fail() -> None:
        raise ZeroDivisionError("secret detail")

    api = EvalsClient(open_app=fail)  # type: ignore[arg-type]
    async with Client(build_server(api, max_tokens=4000, read_only=False), mode="legacy") as client:
        with pytest.raises(MCPError, match="internal error") as caught:
            await read(client, "evaluations", "x")
    assert "secret" not in caught.value.error.message
    assert "secret detail" in caplog.text


async def test_without_the_extension_a_report_says_the_same(sample_database: Path) -> None:
    """Through a mirror of a server with only the documented API a report is the same."""
    remote = documented_client(open_embedded_app(str(sample_database)))
    texts = []
    for api, mirror in ((build_client(Settings(database=str(sample_database))), None), (remote, mirror_of(remote))):
        server: EvalsServer = build_server(api, mirror, max_tokens=4000, read_only=False)
        async with Client(server, mode="legacy") as client:
            texts.append((await read(client, "evaluations", SAMPLE)).text)
    assert texts[0] == texts[1]


@pytest.fixture(scope="module")
def hostile_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An evaluation whose names try to break out, with forty runs and a huge output."""
    path = tmp_path_factory.mktemp("hostile") / "hostile.db"
    anyio.run(fill_with_hostile_names, path)
    return path


async def fill_with_hostile_names(path: Path) -> None:
    """Create that evaluation through the API."""
    async with build_client(Settings(database=str(path))) as api:
        dataset = await api.datasets.upsert(
            DatasetRequest(path="data", datapoints=[CreateDatapointRequest(inputs={"question": HOSTILE})])
        )
        first = await api.prompts.upsert(PromptRequest(path="bot", model="m"))
        evaluation = await api.evaluations.create(
            CreateEvaluationRequest(name=HOSTILE, file=FileReference(id=first.id), evaluators=[])
        )
        for number in range(40):
            prompt = await api.prompts.upsert(
                PromptRequest(path="bot", model=f"m{number}", version_name=f"{HOSTILE}{number}")
            )
            run = await api.runs.create(
                evaluation.id,
                CreateRunRequest(
                    dataset=VersionReference(version_id=dataset.version_id),
                    version=VersionReference(version_id=prompt.version_id),
                    orchestrated=False,
                ),
            )
        await api.prompts.log(
            PromptLogRequest(path="bot", run_id=run.id, output=(HOSTILE + "汉字 ") * 3000, log_id="log_huge"),
            version_id=prompt.version_id,
        )


@pytest.fixture
async def hostile(hostile_database: Path) -> AsyncIterator[Client]:
    """A client of a server on that evaluation."""
    async with Client(build_mcp_server(Settings(database=str(hostile_database))), mode="legacy") as client:
        yield client


async def test_no_answer_is_longer_than_its_budget(hostile: Client) -> None:
    """Forty runs and an output of 250,000 characters stay within 20,000 tokens, with the call for the rest."""
    report = (await read(hostile, "evaluations", HOSTILE)).text
    run = (await read(hostile, "evaluations", HOSTILE, "runs", f"{HOSTILE}39")).text
    log = (await read(hostile, "logs", "log_huge")).text
    for text in (report, run, log):
        assert 1_000 < estimate(text) <= BUDGET
    assert 'get_log(log="log_huge", part="output", offset=' in log


async def test_names_out_of_data_are_quoted_in_a_report(hostile: Client) -> None:
    """Nothing in a name becomes a heading, a link, an image or an invisible character of the report."""
    report = (await read(hostile, "evaluations", HOSTILE)).text
    assert "# All good" not in report.splitlines()
    assert "\u202e" not in report
    quoted = json.dumps(HOSTILE.replace("|", "\\|"), ensure_ascii=False)
    assert quoted[1:40] in report
    assert {line[:3] for line in report.splitlines() if line.startswith("#")} == {"# E", "## "}


async def test_the_newest_evaluations_are_listed(client: Client) -> None:
    """Models and people who list resources see what there is, and can read it at the address."""
    listed, journal, skill = (await client.list_resources()).resources
    assert (listed.title, journal.title, skill.name) == (SAMPLE, "Journal of writes", "review-evaluations")
    assert listed.mime_type == "text/markdown"
    assert listed.description == "Report of the evaluation of support/answer-ticket: 3 runs, running."
    (report,) = (await client.read_resource(listed.uri)).contents
    assert isinstance(report, TextResourceContents)
    assert report.text.startswith(f'# Evaluation `"{SAMPLE}"`')
    (writes,) = (await client.read_resource(journal.uri)).contents
    assert isinstance(writes, TextResourceContents)
    heading, header, line = writes.text.splitlines()
    assert heading.startswith("1 write since ")
    assert heading.endswith(", newest first. Entries are kept for 90 days.")
    assert "import | " in line
    assert "log 120" in line
    assert header.endswith(" | handle")


async def test_names_out_of_data_are_quoted_in_the_list(hostile: Client) -> None:
    """A name is one line in quotes, and nothing in it is invisible."""
    listed, *_ = (await hostile.list_resources()).resources
    assert str(listed.title).startswith('"](http://evil.example)')
    for text in (str(listed.title), str(listed.description), listed.name):
        assert text.isprintable()


async def test_at_most_twenty_are_listed_and_the_last_changed_come_first(tmp_path: Path) -> None:
    """A host may show the whole list to a model."""
    settings = Settings(database=str(tmp_path / "many.db"))
    async with build_client(settings) as api:
        await api.prompts.upsert(PromptRequest(path="bot", model="m"))
        for number in range(25):
            file = FileReference(path="bot")
            await api.evaluations.create(CreateEvaluationRequest(name=f"eval {number}", file=file, evaluators=[]))
    async with Client(build_mcp_server(settings), mode="legacy") as client:
        listed = (await client.list_resources()).resources
    assert [item.title for item in listed[:-2]] == [f"eval {number}" for number in range(24, 4, -1)]
    assert len({item.uri for item in listed}) == len({item.name for item in listed}) == 22


async def test_a_list_that_cannot_be_read_has_no_evaluations(tmp_path: Path) -> None:
    """A host that lists resources at its start shows no error; the tools tell what is wrong."""
    (tmp_path / "broken.db").write_bytes(b"no database, but long enough to look like one" * 100)
    async with Client(build_mcp_server(Settings(database=str(tmp_path / "broken.db"))), mode="legacy") as client:
        assert [item.name for item in (await client.list_resources()).resources] == ["review-evaluations"]
