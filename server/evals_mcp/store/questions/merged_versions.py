"""Which versions of an evaluator judge alike, so that their judgments are one rater's."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from evals_mcp.store.files.versions import read_specs
from evals_mcp.store.logs.judgments import is_by_person


def merged_versions(connection: Connection, version_ids: list[str], attached: str) -> dict[str, str]:
    """The version that each one's judgments count as: itself, or of people's versions the one with all options.

    People who get one more option judge as before. The attached version stands for those that differ from it in their
    options alone.
    """
    if not version_ids or version_ids == [attached]:
        return {version_id: version_id for version_id in version_ids}
    specs = read_specs(connection, sorted({*version_ids, attached}))
    stands: dict[str, str] = {}
    merged = {}
    for version_id in sorted(specs, key=lambda id: (id != attached, -len(specs[id].get("options") or []), id)):
        merged[version_id] = stands.setdefault(_rest(version_id, specs[version_id]), version_id)
    return {version_id: merged[version_id] for version_id in version_ids}


def _rest(version_id: str, spec: Mapping[str, Any]) -> str:
    """What a version has besides options; of code and models, the version itself."""
    if not is_by_person(spec):
        return version_id
    return json.dumps({key: value for key, value in spec.items() if key != "options"}, sort_keys=True)
