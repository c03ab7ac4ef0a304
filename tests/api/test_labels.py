"""Logs are labelled in one request: all, or none. People and assistants have evaluators of their own."""

from typing import Any

import pytest
from tests.api.v5_calls import V5, Json, evaluated
from tests.raw_rows import undone_rows
from tests.recount import check_counts

from evals_mcp.store.store import Store

pytestmark = pytest.mark.anyio


class Labelled:
    """An evaluation with logs to label."""

    def __init__(self, v5: V5, evaluation: Json, logs: list[str]) -> None:
        self.v5 = v5
        self.evaluation = evaluation
        self.path = f"/evaluations/{evaluation['id']}/labels"
        self.logs = logs

    def request(self, evaluator: str, *judgments: Any, kind: str = "human", **fields: Any) -> Json:
        """Labels of the first logs by an evaluator with this name."""
        labels = [{"log_id": log, "judgment": value} for log, value in zip(self.logs, judgments, strict=False)]
        return {"evaluator": {"name": evaluator}, "labels": labels, "kind": kind, **fields}

    async def label(self, evaluator: str, *judgments: Any, **fields: Any) -> Json:
        """Label the first logs."""
        answer: Json = await self.v5.ok("POST", self.path, self.request(evaluator, *judgments, **fields))
        return answer

    async def refused(self, status: int, evaluator: str, *judgments: Any, **fields: Any) -> str:
        """What labels that must be refused are told."""
        return await self.v5.refused(status, "POST", self.path, self.request(evaluator, *judgments, **fields))

    async def write(self, evaluator: str, *judgments: Any, **fields: Any) -> str:
        """Label the first logs; the handle of the write."""
        answer = await self.v5.send("POST", self.path, self.request(evaluator, *judgments, **fields))
        assert answer.is_success, answer.text
        return str(answer.headers["x-evals-write"])

    async def attached(self) -> dict[str, Json]:
        """The specifications of the attached evaluators by path."""
        found = await self.v5.ok("GET", f"/evaluations/{self.evaluation['id']}")
        return {item["version"]["path"]: item["version"]["spec"] for item in found["evaluators"]}

    async def counts(self) -> dict[str, Any]:
        """How often each evaluator gave each option, or true, in the run."""
        rows = await self.v5.ok("GET", f"/review/evaluations/overview?word={self.evaluation['id']}")
        overview = rows["overview"]
        return {
            row["path"]: stats for row, stats in zip(overview["evaluators"], overview["runs"][0]["stats"], strict=True)
        }


@pytest.fixture
async def labelled(v5: V5) -> Labelled:
    """A run with four logs, and a judge of type python that says true or false."""
    await v5.evaluator("judges/ok", "boolean", "python")
    made = await evaluated(v5, 4)
    judge = {"path": "judges/ok", "orchestrated": False}
    await v5.ok("POST", f"/evaluations/{made.evaluation['id']}/evaluators", {"evaluators": [judge]})
    outputs = [{"datapoint_id": point["id"], "output": "x"} for point in made.dataset["datapoints"]]
    run = f"/evaluations/{made.evaluation['id']}/runs/{made.run['id']}"
    logs = (await v5.ok("POST", f"{run}/outputs", {"outputs": outputs}))["log_ids"]
    return Labelled(v5, made.evaluation, logs)


async def test_people_and_assistants_never_share_an_evaluator(labelled: Labelled, store: Store) -> None:
    """Whatever is named, a person's labels go to an evaluator of type human and an assistant's to one of its own."""
    by_person = await labelled.label("ok", True, False, author="ann")
    by_assistant = await labelled.label("ok", True, kind="assistant", author="claude")
    assert by_person["evaluator"]["name"] == "judges/ok (human)"
    assert by_assistant["evaluator"]["name"] == "judges/ok (assistant)"
    for word in ("ok (human)", "judges/ok", by_assistant["evaluator"]["id"]):
        assert (await labelled.label(word, False))["evaluator"] == {**by_person["evaluator"], "is_new": False}
    specs = await labelled.attached()
    assert {path: (spec["evaluator_type"], spec["return_type"]) for path, spec in specs.items() if "ok" in path} == {
        "judges/ok": ("python", "boolean"),
        "judges/ok (human)": ("human", "boolean"),
        "judges/ok (assistant)": ("external", "boolean"),
    }
    check_counts(store)


async def test_a_new_evaluator_is_what_the_judgments_are(labelled: Labelled) -> None:
    """True or false, a number, one of a few words, several of them, or a text."""
    first: dict[str, list[Any]] = {
        "boolean": [True, False],
        "number": [3, 4.5],
        "select": ["retrieval", "tone"],
        "multi_select": [["retrieval", "tone"], ["tone"]],
        "text": ["retrieval", "The answer quotes a policy that was replaced in May."],
    }
    for name, judgments in first.items():
        made = await labelled.label(f"is {name}", *judgments)
        assert (made["return_type"], made["evaluator"]["is_new"]) == (name, True)
        assert made["options"] == (["retrieval", "tone"] if "select" in name else [])
    assert (await labelled.label("notes", "wrong date"))["return_type"] == "text"
    spec = {"arguments_type": "target_free", "return_type": "select", "options": [{"name": "low"}, {"name": "high"}]}
    stated = labelled.request("level", "low") | {"evaluator": {"name": "level", "spec": spec | {"code": "x"}}}
    assert "`evaluator_type`" in await labelled.v5.refused(422, "POST", labelled.path, stated)
    stated["evaluator"]["spec"] = spec | {"evaluator_type": "human"}
    assert (await labelled.v5.ok("POST", labelled.path, stated))["options"] == ["low", "high"]
    assert "several types: number, select" in await labelled.refused(400, "mixed", 1, "retrieval")


async def test_a_second_label_of_an_author_replaces_the_first(labelled: Labelled, store: Store) -> None:
    """The answer tells from what; the first stays stored. Another author's stands beside it."""
    first = await labelled.label("tone", "rude", "kind", author="ann")
    assert [label["replaced"] for label in first["labels"]] == [None, None]
    again = await labelled.label("tone", "kind", author="ann")
    assert again["labels"][0]["replaced"] == {"id": first["labels"][0]["id"], "judgment": "rude"}
    assert (await labelled.label("tone", "rude", author="ben"))["labels"][0]["replaced"] is None
    log = await labelled.v5.ok("GET", f"/logs/{labelled.logs[0]}")
    assert [(item["user"], item["judgment"]) for item in log["evaluator_logs"]] == [
        ("ann", "rude"),
        ("ann", "kind"),
        ("ben", "rude"),
    ]
    check_counts(store)


async def test_a_new_option_does_not_split_the_figures(labelled: Labelled, store: Store) -> None:
    """Labels before and after it count together, for the same evaluator, which has one attached version."""
    await labelled.label("mode", "retrieval", "tone")
    labelled.logs = labelled.logs[2:]
    added = await labelled.label("mode", "format", "tone")
    assert (added["options"], added["new_options"]) == (["retrieval", "tone", "format"], ["format"])
    (path,) = (path for path in await labelled.attached() if path.endswith("/mode"))
    assert (await labelled.counts())[path]["options"] == {"retrieval": 1, "tone": 2, "format": 1}
    await labelled.label("mode", "format", "retrieval", kind="assistant")
    agreement = await labelled.v5.ok("POST", f"/review/evaluations/{labelled.evaluation['id']}/agreement", {})
    assert sorted(rater["logs"] for rater in agreement["raters"]) == [2, 4]
    (pair,) = agreement["pairs"]
    assert (pair["logs"], pair["agreement"]["value"]) == (2, 0.5)
    check_counts(store)


async def test_notes_are_found_by_their_text(labelled: Labelled) -> None:
    """By those of one evaluator: its explanations, and its judgments if they are texts."""
    made = await labelled.label("notes", "Counts ÉTÉ days.", "Too curt.")
    await labelled.label("tone", "rude")
    path = f"/review/evaluations/{labelled.evaluation['id']}/logs"
    for operator, values, found in (
        ("~", ["été"], [0]),
        ("~", ["curt", "days"], [1, 0]),
        ("!~", ["curt"], [3, 2, 0]),
        ("~", ["rude"], []),
    ):
        condition = {"kind": "text", "part": "explanation", "operator": operator, "values": values}
        condition["evaluator_version_id"] = made["evaluator"]["version_id"]
        answer = await labelled.v5.ok("POST", path, {"filter": {"conditions": [condition]}})
        assert [labelled.logs.index(row["id"]) for row in answer["rows"]] == found


async def test_an_option_much_like_another_is_added_only_if_it_is_stated(labelled: Labelled) -> None:
    """Most of them are misspellings."""
    await labelled.label("mode", "retrieval", "tone")
    said = await labelled.refused(422, "mode", "tone", "retreival")
    assert said.startswith("Row 2: `retreival` is not an option, but `retrieval` is.")
    assert (await labelled.refused(422, "mode", "Retrieval")).startswith("Row 1: `Retrieval` is not an option")
    assert "An option has 1 to 60 characters" in await labelled.refused(422, "mode", "the date is the wrong one " * 3)
    spec = {"arguments_type": "target_free", "return_type": "select", "evaluator_type": "human"}
    stated = labelled.request("mode", "tones")
    stated["evaluator"]["spec"] = spec | {"options": [{"name": "tones"}]}
    assert (await labelled.v5.ok("POST", labelled.path, stated))["new_options"] == ["tones"]


async def test_an_evaluator_named_much_like_another_is_created_only_if_it_is_defined(
    labelled: Labelled, store: Store
) -> None:
    """Most of them are misspellings, which would split the labels. Numbers tell names apart."""
    made = await labelled.label("failure_mode", "retrieval", "tone")
    path = made["evaluator"]["name"]
    for word in ("faliure_mode", "Failure mode", "failure-modes", "FailureMode", path.replace("ure", "rue")):
        said = await labelled.refused(422, word, "tone", author="bob")
        assert said == (
            f"Evaluator `{word}` does not exist, but `{path}` does. If another one is meant, define it: "
            "NAME:select:a|b, NAME:boolean, NAME:number or NAME:text. No label was stored."
        )
    assert (await labelled.label("failure_mode_2", "tone"))["evaluator"]["is_new"]
    spec = {"arguments_type": "target_free", "return_type": "select", "evaluator_type": "human"}
    insisting = labelled.request("failure_modes", "tone")
    insisting["evaluator"]["spec"] = spec | {"options": [{"name": "tone"}]}
    assert (await labelled.v5.ok("POST", labelled.path, insisting))["evaluator"]["is_new"]
    assert (await labelled.label("failure_modes", "tone"))["evaluator"]["is_new"] is False
    check_counts(store)


async def test_one_wrong_row_stores_none(labelled: Labelled, store: Store) -> None:
    """It is named, with what is allowed: a wrong type or value, a log that is elsewhere, gone, or given twice."""
    limits = {"number_limits": {"min": 1, "max": 5, "step": 1}}
    await labelled.v5.evaluator("judges/stars", "number", "human", **limits)
    await labelled.v5.ok(
        "POST", f"/evaluations/{labelled.evaluation['id']}/evaluators", {"evaluators": [{"path": "judges/stars"}]}
    )
    elsewhere = (await labelled.v5.ok("POST", "/prompts/log", {"path": "bots/support", "model": "small"}))["id"]
    before = undone_rows(store.database)
    for judgments, words in (
        ((3, "good"), "Row 2: The evaluator returns number, so the judgment must be a number."),
        ((3, True), "Row 2: The evaluator returns number, so the judgment must be a number."),
        ((3, 4, 6), "Row 3: The evaluator's numbers are at least 1 and at most 5."),
        ((3, 4.5), "Row 2: The evaluator's numbers go from 1 in steps of 1."),
    ):
        assert (await labelled.refused(422, "stars", *judgments)).startswith(words)
    for log, words in (
        (elsewhere, f"Row 5: Log `{elsewhere}` is not in a run of evaluation"),
        ("log_unknown", "Row 5: Log `log_unknown` does not exist."),
        (labelled.logs[1], f"Row 5: Log `{labelled.logs[1]}` is labelled in row 2, too."),
    ):
        request = labelled.request("new mode", "a", "b", "a", "c")
        request["labels"].append({"log_id": log, "judgment": "a"})
        assert (await labelled.v5.refused(422, "POST", labelled.path, request)).startswith(words)
    assert undone_rows(store.database) == before
    await labelled.refused(422, "stars")
    await labelled.refused(404, "evv_unknown", True)


async def test_a_label_of_a_log_deleted_meanwhile_is_refused(labelled: Labelled, store: Store) -> None:
    """Nothing of the batch is stored; labels of a log go with it."""
    written = await labelled.write("tone", "rude", "kind")
    await labelled.v5.ok("DELETE", "/logs", None, id=labelled.logs[1])
    assert "Row 2: Log `log_" in await labelled.refused(422, "tone", "kind", "kind")
    await labelled.v5.ok("POST", f"/journal/{written}/undo", confirm=True)
    assert not (await labelled.v5.ok("GET", f"/logs/{labelled.logs[0]}"))["evaluator_logs"]
    check_counts(store)


async def test_a_dry_run_stores_nothing(labelled: Labelled, store: Store) -> None:
    """It tells what would be replaced and created."""
    await labelled.label("tone", "rude")
    before = undone_rows(store.database)
    told = await labelled.label("tone", "kind", dry_run=True)
    assert (told["labels"][0]["replaced"]["judgment"], told["new_options"]) == ("rude", ["kind"])
    assert (await labelled.label("other", True, dry_run=True))["evaluator"]["is_new"]
    assert undone_rows(store.database) == before


async def test_a_repeated_request_is_one_write(labelled: Labelled, store: Store) -> None:
    """It has the first answer; another request with the id is refused."""
    headers, body = {"Idempotency-Key": "r1"}, labelled.request("tone", "rude", "kind", author="ann")
    post = labelled.v5.client.post
    await labelled.label("tone", "late", author="ann")
    first = await post(f"/v5{labelled.path}", json=body, headers=headers)
    again = await post(f"/v5{labelled.path}", json=body, headers=headers)
    assert first.json() == again.json()
    assert again.headers["x-evals-write"] == first.headers["x-evals-write"]
    assert again.headers["idempotent-replayed"] == "true"
    other = await post(f"/v5{labelled.path}", json=labelled.request("tone", "kind"), headers=headers)
    assert other.status_code == 422
    check_counts(store)


async def test_an_undo_restores_exactly(labelled: Labelled, store: Store) -> None:
    """Newest first, each state comes back: replaced labels, options, and the evaluator that was made."""
    states, writes = [], []
    for judgments in (("rude", "kind"), ("kind", "late"), ("late", "rude", "kind")):
        states.append(undone_rows(store.database))
        writes.append(await labelled.write("tone", *judgments, author="ann"))
    refused = await labelled.v5.refused(409, "POST", f"/journal/{writes[0]}/undo")
    assert "judged the log again since" in refused
    for state, write in zip(states[::-1], writes[::-1], strict=True):
        await labelled.v5.ok("POST", f"/journal/{write}/undo", confirm=True)
        assert undone_rows(store.database) == state
        check_counts(store)
    assert "was undone before" in await labelled.v5.refused(409, "POST", f"/journal/{writes[0]}/undo")


async def test_an_undo_leaves_what_is_used_since(labelled: Labelled, store: Store) -> None:
    """The evaluator and the option stay while another label has them."""
    first = await labelled.write("tone", "rude", author="ann")
    second = await labelled.write("tone", "kind", author="ben")
    await labelled.label("tone", "kind", author="eve")
    for write in (first, second):
        await labelled.v5.ok("POST", f"/journal/{write}/undo")
    (spec,) = (spec for path, spec in (await labelled.attached()).items() if path.endswith("/tone"))
    assert [option["name"] for option in spec["options"]] == ["rude", "kind"]
    check_counts(store)


async def test_a_complete_run_stays_complete_while_people_label(labelled: Labelled, store: Store) -> None:
    """An evaluator that came with labels is for review: no run waits for it, with a new option or after an undo."""
    v5, id = labelled.v5, labelled.evaluation["id"]
    for log in labelled.logs:
        for path, judgment in (("judges/score", 1), ("judges/ok", True)):
            await v5.ok("POST", "/evaluators/log", {"path": path, "parent_id": log, "judgment": judgment})
    assert await _told(v5, id) == ("completed", "completed", "completed", "  Judgments  8/8")
    await labelled.label("mode", "tone", author="ann")
    await labelled.label("mode", "tone", "date", author="bob")
    undone = await labelled.write("mode", "place", kind="assistant", author="claude")
    assert await _told(v5, id) == ("completed", "completed", "completed", "  Judgments  8/8")
    attached = (await v5.ok("GET", f"/evaluations/{id}"))["evaluators"]
    assert [item.get("for_review") for item in attached] == [None, None, True, True]
    await v5.ok("POST", f"/journal/{undone}/undo")
    assert await _told(v5, id) == ("completed", "completed", "completed", "  Judgments  8/8")
    check_counts(store)


async def test_a_run_waits_for_judgments_by_an_evaluator_that_was_added(labelled: Labelled, store: Store) -> None:
    """Labels are required where people were asked for them: by attaching their evaluator, before or instead."""
    v5, id = labelled.v5, labelled.evaluation["id"]
    await v5.evaluator("judges/people", "boolean", "human")
    people = {"evaluators": [{"path": "judges/people"}]}
    await v5.ok("POST", f"/evaluations/{id}/evaluators", people)
    await labelled.label("people", True)
    assert (await _told(v5, id))[0] == "running"
    assert (await _told(v5, id))[3] == "  Judgments  1/12"
    made = await labelled.label("other", True)
    assert (await _told(v5, id))[3] == "  Judgments  1/12"
    await v5.ok("DELETE", f"/evaluations/{id}/evaluators/{made['evaluator']['version_id']}")
    await v5.ok("POST", f"/evaluations/{id}/evaluators", {"evaluators": [{"path": made["evaluator"]["name"]}]})
    assert (await _told(v5, id))[3] == "  Judgments  2/16"
    check_counts(store)


async def _told(v5: V5, evaluation_id: str) -> tuple[str, str, str, str]:
    """The status of the one run in three places, and the line about judgments."""
    (run,) = (await v5.ok("GET", f"/evaluations/{evaluation_id}/runs"))["runs"]
    stats = await v5.ok("GET", f"/evaluations/{evaluation_id}/stats")
    overview = (await v5.ok("GET", f"/review/evaluations/overview?word={evaluation_id}"))["overview"]
    (line,) = (line for line in stats["progress"].splitlines() if "Judgments" in line)
    assert stats["status"] == overview["evaluation"]["status"]
    return run["status"], stats["run_stats"][0]["status"], overview["runs"][0]["status"], line
