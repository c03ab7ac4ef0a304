"""Write an evaluation as `humanloop-export` does: JSON files in API form. `importers.humanloop_export` reads them."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from evals_mcp import __version__
from evals_mcp.client.client import EvalsClient
from evals_mcp.errors import NotFound
from evals_mcp.exporters.evaluation_reading import Definition, EvaluationReading, Progress
from evals_mcp.exporters.folders import LineFiles, file_name, new_folder, write_json, write_mark
from evals_mcp.importers.api_records import key_of
from evals_mcp.importers.exported_versions import deployments_of
from evals_mcp.models.logs import log_kind
from evals_mcp.models.model import JsonObject

_EVALUATED = ("prompt", "flow", "tool", "agent", "evaluator")


@dataclass(slots=True)
class Exported:
    """How much an export holds."""

    evaluation: str
    runs: int = 0
    files: int = 0
    datapoints: int = 0
    logs: int = 0
    notes: list[str] = field(default_factory=list)


async def export_evaluation(
    client: EvalsClient, evaluation_id: str, folder: Path, progress: Progress | None = None
) -> Exported:
    """Write an evaluation with its files, datasets, runs, logs and judgments to a folder.

    The folder appears when all is there. Raises Invalid for a folder that holds something else, and EvalsError.
    """
    with new_folder(folder, evaluation_id) as parts:
        return await _Export(client, evaluation_id, parts).write(progress)


class _Export:
    def __init__(self, client: EvalsClient, evaluation_id: str, folder: Path) -> None:
        self._client = client
        self._raw = client.raw_pages
        self._reading = EvaluationReading(client, evaluation_id)
        self._folder = folder
        self._files: dict[str, JsonObject] = {}
        self._versions: dict[str, None] = {}
        self._datapoints: set[str] = set()
        self._logged_datapoints: dict[str, None] = {}
        self._linking: list[JsonObject] = []
        self._logs: set[str] = set()
        self._logged: dict[str, JsonObject] = {}
        self._roots: dict[str, None] = {}
        self._exported = Exported(evaluation_id)

    async def write(self, progress: Progress | None) -> Exported:
        definition = await self._reading.definition()
        evaluation = definition.evaluation
        file_id = evaluation.get("file_id")
        if file_id is not None:
            await self._evaluated_file(file_id, definition.versions)
        for versions in definition.datasets.values():
            await self._dataset(versions)
        for version in definition.versions:
            if version["id"] not in self._files:
                await self._file(version["id"], version)
        for tool in self._linked_tools():
            await self._file(tool["id"], {"type": "tool", "id": tool["id"]})
        above = self._folder if file_id is None else self._of_file(file_id)
        await self._evaluation(above / "evaluations" / file_name(evaluation["id"]), definition, progress)
        await self._traces_of_others()
        await self._datasets_of_logs()
        for version in self._logged.values():
            if version["id"] not in self._files:
                await self._file(version["id"], version)
        for id in self._files:
            (self._of_file(id) / ".done").touch()
        order = {"versions": list(self._versions), "runs": [run["id"] for run in definition.runs]}
        mark = {"exported_by": f"evals-mcp {__version__}", "evaluation": evaluation["id"], "oldest_first": order}
        write_mark(self._folder, mark)
        self._exported.evaluation = evaluation.get("name") or evaluation["id"]
        self._exported.runs, self._exported.files = len(definition.runs), len(self._files)
        self._exported.datapoints = len(self._datapoints)
        return self._exported

    def _of_file(self, file_id: str) -> Path:
        return self._folder / "files" / file_name(file_id)

    async def _evaluated_file(self, file_id: str, versions: Iterable[JsonObject]) -> None:
        """The file of the evaluation, whose type only its versions tell."""
        version = next((version for version in versions if version["id"] == file_id), None)
        for type in _EVALUATED if version is None else [version["type"]]:
            if await self._file(file_id, version or {"type": type, "id": file_id}):
                return
        if version is None:
            self._exported.notes.append(f"File {file_id} is deleted and has no run here, so it is left out.")

    async def _file(self, file_id: str, version: JsonObject) -> bool:
        """A file with all its versions; only the given version if the file is deleted. Returns whether it is there."""
        try:
            file = await self._raw.file(version["type"], file_id)
            versions = await self._raw.versions(version["type"], file_id)
        except NotFound:
            if "version_id" not in version:
                return False
            file, versions = version, [version]
        self._write_file(file, versions[::-1])
        return True

    async def _dataset(self, versions: list[JsonObject]) -> None:
        """Versions of a dataset with their datapoints."""
        folder = self._of_file(versions[-1]["id"])
        for version in versions:
            if version["version_id"] in self._versions:
                continue
            lines = LineFiles(folder / "datapoints" / file_name(version["version_id"]))

            def take(points: list[Any], lines: LineFiles = lines) -> None:
                lines.write(points)
                self._datapoints.update(str(key_of(point)) for point in points)

            await self._reading.datapoints(version, take)
        self._write_file(versions[-1], versions)

    def _linked_tools(self) -> list[JsonObject]:
        """The tools that exported versions link, and that are not exported yet."""
        tools = [tool for version in self._linking for tool in version["linked_tools"]]
        return [tool for tool in {tool["id"]: tool for tool in tools}.values() if tool["id"] not in self._files]

    def _write_file(self, file: JsonObject, versions: list[JsonObject]) -> None:
        folder = self._of_file(file["id"])
        self._files[file["id"]] = file
        write_json(folder / "file.json", file)
        for version in versions:
            write_json(folder / "versions" / file_name(version["version_id"]), version)
            self._versions[version["version_id"]] = None
            if version.get("linked_tools"):
                self._linking.append(version)
        write_json(folder / "deployments.json", list(deployments_of(versions)))

    async def _evaluation(self, folder: Path, definition: Definition, progress: Progress | None) -> None:
        write_json(folder / "evaluation.json", definition.evaluation)
        write_json(folder / "stats.json", definition.stats)
        for run in definition.runs:
            write_json(folder / "runs" / file_name(run["id"]), run)
        lines = LineFiles(folder / "logs")

        def take(items: list[Any]) -> None:
            lines.write(items)
            for item in items:
                self._logs.add(str(key_of(item)))
                self._note_used(item["log"])
                if item["log"].get("trace_parent_id") is not None and item["log"].get("trace_id"):
                    self._roots[item["log"]["trace_id"]] = None

        self._exported.logs = await self._reading.logs(take, progress)

    async def _datasets_of_logs(self) -> None:
        """The datasets of datapoints that are in no dataset of a run. Only our servers tell them."""
        read: set[str] = set()
        for id in self._logged_datapoints if self._client.extended else ():
            if id in self._datapoints:
                continue
            with suppress(NotFound):
                dataset_id = (await self._client.reviews.get_datapoint(id)).dataset_id
                if dataset_id is not None and dataset_id not in read:
                    read.add(dataset_id)
                    await self._dataset((await self._raw.versions("dataset", dataset_id))[::-1])

    def _note_used(self, log: JsonObject) -> None:
        """Note the files and datapoints of a log, its judgments and the logs below it."""
        if log.get("source_datapoint_id") is not None:
            self._logged_datapoints[log["source_datapoint_id"]] = None
        kind = str(log_kind(log))
        self._logged.setdefault(log[kind]["id"], {"type": kind, **log[kind]})
        for other in chain(log.get("evaluator_logs") or (), log.get("trace_children") or ()):
            self._note_used(other)

    async def _traces_of_others(self) -> None:
        """The traces that logs of the evaluation are steps of."""
        lines: dict[Path, LineFiles] = {}
        for root in self._roots:
            if root not in self._logs:
                log = await self._raw.log(root)
                folder = self._of_file(log[str(log_kind(log))]["id"]) / "logs"
                lines.setdefault(folder, LineFiles(folder)).write([log])
                self._note_used(log)
