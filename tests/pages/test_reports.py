"""Reports as files: what is in them, and texts of others that stay texts."""

import json
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.e2e.in_process import run
from tests.odd_fields import NAMES, odd_document
from tests.small_evaluations import make_evaluation

from evals_mcp.client.client import EvalsClient
from evals_mcp.config import Settings
from evals_mcp.errors import Invalid, NotFound
from evals_mcp.importers.loader import load_document, stream
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.models.model import JsonObject
from evals_mcp.pages.charts import chart_format
from evals_mcp.pages.report_files import report_text
from evals_mcp.pages.reports import Asked, read_report
from evals_mcp.tools.compare_runs import compare_runs
from evals_mcp.wiring import build_client

pytestmark = pytest.mark.anyio
SAMPLE = "Which prompt answers tickets"
EVIL = "</script><script>alert(1)</script> ![x](http://evil.example/x.png) `a` | @all <b>evil</b>\u202e"


@pytest.fixture
async def sample(sample_database: Path) -> AsyncIterator[EvalsClient]:
    """A client of the sample."""
    async with build_client(Settings(database=str(sample_database)), may_write=False) as client:
        yield client


async def _read(client: EvalsClient, asked: Asked, datapoints: int = 50) -> JsonObject:
    return await read_report(Lookup(client, with_document=True), asked, datapoints=datapoints, fields=2)


async def test_a_report_lists_the_changes_of_each_run(sample: EvalsClient) -> None:
    """Every datapoint by which a figure changed, with all evaluators that did."""
    document = await _read(sample, Asked(SAMPLE))
    labels = {run["id"]: run["label"] for run in document["runs"]}
    lists = {(labels[page["run"]], page["outcome"]): page for page in document["datapoints"]}
    assert sorted(lists) == [
        (run, how) for run in ("v2-concise", "v3-policy-quotes") for how in ("improved", "regressed")
    ]
    for candidate in document["candidates"]:
        for row in candidate["rows"]:
            if row["measure"] is None and not row["constant"]:
                for how, amount in (("regressed", row["worse"]), ("improved", row["better"])):
                    page = lists[labels[candidate["run"]], how]
                    assert sum(row["evaluator"] in item["evaluators"] for item in page["rows"]) == amount
    assert [found["by"] for found in document["groups"]] == ["locale", "plan"]


async def test_a_report_has_as_many_datapoints_as_asked(sample: EvalsClient) -> None:
    """Each list says how many there are in all."""
    document = await _read(sample, Asked(SAMPLE, ["v2-concise"]), 3)
    assert [item["run"] for item in document["candidates"]] == [page["run"] for page in document["datapoints"][:1]]
    assert [len(page["rows"]) for page in document["datapoints"]] == [3, 3]
    assert all(page["total"] > 3 and page["next"] for page in document["datapoints"])


async def test_runs_of_one_run_are_a_report_too(tmp_path: Path) -> None:
    """There is nothing to compare."""
    async with build_client(Settings(database=str(tmp_path / "evals.db"))) as client:
        small = await make_evaluation(client, ok={"return_type": "boolean"})
        assert (await _read(client, Asked(small.id)))["runs"] == []
        await small.run("one", [("q", {"small/ok": True})])
        document = await _read(client, Asked(small.id))
        assert [run["figures"][0]["text"] for run in document["runs"]] == ["100% true"]
        for format in ("html", "md", "json"):
            assert "one" in report_text(document, format)
        for asked in (Asked(small.id, ["two"]), Asked(small.id, baseline="two")):
            with pytest.raises(NotFound, match="no run is named"):
                await _read(client, asked)


async def test_groups_are_by_any_field_whatever_its_name_means_elsewhere(tmp_path: Path) -> None:
    """The name of a condition, of an evaluator or of a part, and with signs of the grammar."""
    async with build_client(Settings(database=str(tmp_path / "evals.db"))) as client:
        await load_document(client, stream(list(odd_document())))
        document = await read_report(Lookup(client, with_document=True), Asked("evr"), fields=50)
        answer = await compare_runs(Lookup(client), "evr")
    assert len(document["groupable"]) == len(NAMES) + 2
    assert "input.error" in document["groupable"]
    assert "target.target" in document["groupable"]
    assert "input.error" in answer
    found = {
        tuple(sorted(row["label"] for row in table["groups"]))
        for item in document["groups"]
        for table in item["tables"]
    }
    expected = {(f"{number}: 0", f"{number}: 1") for number in range(len(NAMES))} | {("t0", "t1"), ("k0", "k1")}
    assert {tuple(label.strip('"') for label in labels) for labels in found} == expected


async def test_texts_of_others_stay_texts(tmp_path: Path) -> None:
    """In HTML no element comes of them, and in Markdown they are code."""
    async with build_client(Settings(database=str(tmp_path / "evals.db"))) as client:
        small = await make_evaluation(client, EVIL, ok={"return_type": "boolean"})
        for run, judged in (("a", True), ("b", False)):
            logs = [(f"{EVIL} {n}", {"small/ok": {"judgment": judged, "output": EVIL}}) for n in range(8)]
            await small.run(run, logs, outputs={f"{EVIL} {n}": f"{EVIL}\n```\n{run}" for n in range(8)})
        document = await _read(client, Asked(small.id))
    html = report_text(document, "html")
    assert html.count("<script") == 2
    assert html.count("</script>") == 2
    assert "<b>" not in html
    assert "<title>&lt;/script&gt;" in html
    written = re.findall(r'id="evals-document">(.*?)</script>', html, re.DOTALL)
    assert json.loads(written[0]) == document
    assert json.loads(report_text(document, "json")) == document
    rest = _without_code(report_text(document, "md"))
    for part in ("<", "![", "http", "@all", "evil", "\u202e"):
        assert part not in rest


def _without_code(markdown: str) -> str:
    """What a viewer renders: the text outside of code blocks and spans."""
    blocks = re.sub(r"^(`{3,})text\n.*?\n\1$", "", markdown, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", blocks)


def test_the_command_writes_whole_files(sample_database: Path, tmp_path: Path) -> None:
    """Each by the ending of its name; a wrong one is refused before anything is read."""
    files = [str(tmp_path / f"report.{ending}") for ending in ("html", "md", "json")]
    for file in files:
        ended = run(["report", SAMPLE, "--to", file, "--from", str(sample_database), "--run", "v2-concise"])
        assert (ended.status, ended.stderr) == (0, f"Wrote {file}.\n")
    assert Path(files[0]).read_text().startswith("<!doctype html>")
    assert "▼ worse | 84.6% | 61.5% | -23.1 points" in Path(files[1]).read_text()
    assert json.loads(Path(files[2]).read_text())["kind"] == "comparison"
    printed = run(["report", SAMPLE, "--to", "-", "--from", str(sample_database)])
    assert printed.stdout.startswith(f"# `{SAMPLE}`\n")
    for words, told in (
        (["--to", str(tmp_path / "report.pdf")], "ends with .html, .md or .json"),
        (["--to", str(tmp_path)], "ends with .html, .md or .json"),
        (["--to", str(tmp_path / "none" / "report.md")], "cannot be written"),
        ([], "Name a file to write"),
        (["--to", files[0], "--run", "nothing"], "nothing"),
        (["--to", files[0], "--datapoints", "-1"], "0 or more"),
        (["--chart", str(tmp_path / "forest.pdf")], "ends with .svg or .png"),
    ):
        ended = run(["report", SAMPLE, "--from", str(sample_database), *words])
        assert (ended.status, ended.stdout) == (1, "")
        assert told in ended.stderr
    assert sorted(tmp_path.iterdir()) == sorted(map(Path, files))


def test_without_the_extra_a_chart_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is read."""
    monkeypatch.setitem(sys.modules, "altair", None)
    with pytest.raises(Invalid, match=r'pip install "evals-mcp\[charts\]"'):
        chart_format(str(tmp_path / "forest.svg"))
