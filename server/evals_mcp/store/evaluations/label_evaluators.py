"""The evaluator of labels inside a transaction: find it by its name and kind, create it, add options to it."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, update

from evals_mcp.errors import Conflict, NotFound
from evals_mcp.models.label_specs import (
    label_path,
    label_spec,
    model_paths,
    named_path,
    new_path,
    option_names,
    refuse_misspelling,
    shared_spec,
    stem,
)
from evals_mcp.models.labels import LabelKind
from evals_mcp.models.set_ups import SetUpEvaluator
from evals_mcp.store.database.tables import evaluation_evaluators
from evals_mcp.store.evaluations.evaluations import Attached, attach, touch_evaluation
from evals_mcp.store.evaluations.run_status import read_attachments
from evals_mcp.store.evaluations.set_ups import find_named, own_folder
from evals_mcp.store.files.files import ensure_file
from evals_mcp.store.files.versions import Version, add_version, find_file, newest_version, versions_by_id


class LabelEvaluator(NamedTuple):
    """The evaluator of labels: its file, path, version and specification, and what was changed for them.

    `is_new` if its file was created, `is_new_version` if this version was, `is_newly_attached` if this version was not
    attached. It then took the place of `replaced`, or of none.
    """

    file_id: str
    path: str
    version_id: str
    spec: dict[str, Any]
    new_options: list[str]
    is_new: bool
    is_new_version: bool
    is_newly_attached: bool
    replaced: str | None


def ensure_label_evaluator(
    connection: Connection,
    evaluation: Row[Any],
    given: SetUpEvaluator,
    kind: LabelKind,
    judgments: Sequence[Any],
    now: datetime,
) -> LabelEvaluator:
    """Find or create the evaluator of these labels, add the options that it lacks, and attach it.

    No run waits for it: labels are of as many logs as people read. Raises NotFound, Invalid, and Conflict for an
    evaluator that cannot have such labels.
    """
    ids = [item.evaluator_version_id for item in read_attachments(connection, evaluation.id)]
    known = versions_by_id(connection, ids)
    attached = [known[id] for id in ids]
    base = _base_path(connection, evaluation, given, attached)
    judge = _at_path(connection, base, attached)
    path = label_path(base, kind, None if judge is None else judge.content["spec"])
    version = _at_path(connection, path, attached)
    old = _models_spec(connection, base, attached) if version is None else version.content["spec"]
    spec = label_spec(path, kind, given, old, judgments, is_new=version is None)
    file_id = None if version is None else version.file_id
    file = ensure_file(connection, "evaluator", file_id, path if version is None else None, now)
    same = version is not None and spec == version.content["spec"]
    version_id, is_new = (version.id, False) if same and version else add_version(connection, file, {"spec": spec}, now)
    replaced = version.id if version is not None and version.id in ids and version_id not in ids else None
    if version_id not in ids:
        _attach(
            connection, evaluation.id, Attached(file.id, version_id, orchestrated=False, for_review=True), replaced, now
        )
    options = [] if version is None else [name for name in option_names(spec) if name not in option_names(old)]
    return LabelEvaluator(
        file.id, file.path, version_id, spec, options, version is None, is_new, version_id not in ids, replaced
    )


def _base_path(connection: Connection, evaluation: Row[Any], given: SetUpEvaluator, attached: Sequence[Version]) -> str:
    """The path of an evaluator without the ending of a kind: of an attached one, another one, or a new one."""
    word = given.name.strip()
    path = named_path(word, [(item.id, item.file_id, item.path) for item in attached])
    if path is not None:
        return path
    found = find_named(connection, word, ["evaluator"])
    if found is not None:
        return stem(found.path)
    if word.startswith(("ev_", "evv_")):
        raise NotFound(f"Evaluator `{word}` does not exist. Give a name to create one.")
    path = new_path(word, own_folder(evaluation.id, evaluation.name))
    if given.spec is None and all(_at_path(connection, known, attached) is None for known in model_paths(path)):
        refuse_misspelling(word, [item.path for item in attached])
    return path


def _models_spec(connection: Connection, base: str, attached: Sequence[Version]) -> dict[str, Any]:
    """What an evaluator with this path, or of the other kind of labels, has in common with a new one; empty if none."""
    for path in model_paths(base):
        if (version := _at_path(connection, path, attached)) is not None:
            return shared_spec(version.content["spec"])
    return {}


def _at_path(connection: Connection, path: str, attached: Sequence[Version]) -> Version | None:
    """The version of the evaluator at a path: the attached one, else the newest."""
    for item in reversed(attached):
        if item.path == path:
            return item
    with suppress(NotFound):
        return newest_version(connection, find_file(connection, None, path, ["evaluator"]).id)
    return None


def _attach(connection: Connection, evaluation_id: str, new: Attached, replaced: str | None, now: datetime) -> None:
    """Attach a version, in the place of another one, so that the judgments of both count for it."""
    if replaced is None:
        attach(connection, evaluation_id, [new], now)
    else:
        replace_attached(connection, evaluation_id, replaced, new.version_id)
    touch_evaluation(connection, evaluation_id, now)


def replace_attached(connection: Connection, evaluation_id: str, old_version_id: str, version_id: str) -> None:
    """Put a version of an evaluator in the place of the attached one.

    Raises Conflict if another version is attached, too: then judgments count for the version that gave them.
    """
    attachments = {item.evaluator_version_id: item for item in read_attachments(connection, evaluation_id)}
    if not attachments[old_version_id].sole:
        raise Conflict(
            f"Evaluator `{attachments[old_version_id].evaluator_id}` is attached in several versions, so it gets no "
            "new options. Detach all but one."
        )
    connection.execute(
        update(evaluation_evaluators)
        .where(
            evaluation_evaluators.c.evaluation_id == evaluation_id,
            evaluation_evaluators.c.evaluator_version_id == old_version_id,
        )
        .values(evaluator_version_id=version_id)
    )
