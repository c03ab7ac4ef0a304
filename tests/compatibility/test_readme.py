"""The README's example for the official SDK, as it stands there but for the address."""

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

README = Path(__file__).parents[2] / "README.md"


def test_the_example_puts_an_evaluation_in(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that is pasted into a file runs, and its evaluation is complete."""
    found = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    given: dict[str, str] = {}

    def connect(**options: str) -> Any:
        given.update(options)
        return client

    monkeypatch.setattr("humanloop.Humanloop", connect)
    example = tmp_path / "example.py"
    example.write_text(found[1], encoding="utf-8")
    runpy.run_path(str(example))
    assert given == {"api_key": "any", "base_url": "http://127.0.0.1:8421/v5"}
    file = client.files.retrieve_by_path(path="support/answer")
    (evaluation,) = client.evaluations.list(file_id=file.id)
    runs = {run.version.version_name: run for run in client.evaluations.list_runs_for_evaluation(evaluation.id).runs}
    assert (evaluation.name, set(runs)) == ("First try", {"v1-plain", "v2-polite"})
    assert [name for name, run in runs.items() if run.control] == ["v1-plain"]
    assert {run.status for run in runs.values()} == {"completed"}
    stats = {
        run.run_id: run.evaluator_stats[0].num_true for run in client.evaluations.get_stats(evaluation.id).run_stats
    }
    assert {name: stats[run.id] for name, run in runs.items()} == {"v1-plain": 1, "v2-polite": 0}
    logs = client.evaluations.get_logs(evaluation.id).records
    assert len(logs) == len(runs)
    for item in logs:
        (judged,) = client.logs.get(item.log.id)["evaluator_logs"]
        assert judged["output"] == f"{len(item.log.output)} characters; at most 80 are short."
