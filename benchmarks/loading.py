"""An evaluation to measure with: the recorded one where it lies beside the repository, else the sample."""

import asyncio
from pathlib import Path

from tests.shared_data import RAG_CHAT, load

from evals_mcp.client.client import EvalsClient
from evals_mcp.config import Settings
from evals_mcp.sample.loading import load_sample
from evals_mcp.sample.support_bot import read_sample
from evals_mcp.wiring import build_client


def load_evaluation(database: Path) -> str:
    """Load it through the API into a new database, in half a minute or less; the evaluation's id."""
    return asyncio.run(_load(build_client(Settings(database=str(database)))))


async def _load(client: EvalsClient) -> str:
    async with client:
        if RAG_CHAT.folder.is_dir():
            return await load(client, RAG_CHAT)
        return await load_sample(client, read_sample())
