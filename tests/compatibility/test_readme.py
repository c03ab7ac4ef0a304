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
    (run,) = client.evaluations.get_stats(id=evaluation.id).run_stats
    assert (evaluation.name, run.status, run.evaluator_stats[0].num_true) == ("First try", "completed", 1)
