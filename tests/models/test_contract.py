"""Every model, checked mechanically: names, keys, nulls and schemas."""

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import ValidationError
from pydantic.json_schema import models_json_schema

from evals_mcp import models
from evals_mcp.models.model import Model

CONTRACT = Path(__file__).parents[2] / "../shared/contract/CONTRACT.md"
V5_LINE = re.compile(r"^- \*\*(?P<name>\w+)\*\* – required: (?P<required>.*?)\. Optional: (?P<optional>.*)\.$")
V4_LINE = re.compile(r"^- `(?P<name>\w+)` – required: (?P<required>.*?)\.( Optional: (?P<optional>.*)\.)?$")
Mode = Literal["validation", "serialization"]
MODES: tuple[Mode, ...] = ("validation", "serialization")
NONE = {"–", "none"}
CONSTANT = {"type"}
Schemas = Mapping[tuple[Any, Mode], dict[str, Any]]


def all_models() -> dict[str, type[Model]]:
    """Every model of the package by its name, which no other has."""
    for module in pkgutil.walk_packages(models.__path__, "evals_mcp.models."):
        importlib.import_module(module.name)
    found: dict[str, type[Model]] = {}
    waiting: list[type[Model]] = [Model]
    while waiting:
        for model in waiting.pop().__subclasses__():
            if "[" not in model.__name__:
                assert found.setdefault(model.__name__, model) is model, "v4 and v5 share one OpenAPI document"
                waiting.append(model)
    return dict(sorted(found.items()))


def keys(model: type[Model]) -> dict[str, bool]:
    """The keys of a model on the wire, and whether each is required."""
    return {field.alias or name: field.is_required() for name, field in model.model_fields.items()}


def names(text: str | None) -> set[str]:
    """The names in a list such as `id: str; page: int`."""
    if text is None or text.strip() in NONE:
        return set()
    return {item.split(":")[0].strip() for item in text.split("; ")}


def wrong_keys(model: type[Model], body: dict[str, None]) -> list[str]:
    """What is wrong with a body, in short: place and code of each error."""
    try:
        model.model_validate(body)
    except ValidationError as error:
        return [f"{item['loc']} {item['type']}" for item in error.errors()]
    return []


def contract_lines() -> Iterator[tuple[str, set[str], set[str]]]:
    """Name, required keys and optional keys of each model that the contract lists."""
    if not CONTRACT.exists():
        pytest.skip("the shared contract is not beside the repository")
    for line in CONTRACT.read_text("utf-8").splitlines():
        if match := V5_LINE.match(line):
            yield match["name"], names(match["required"]), names(match["optional"])
        elif (match := V4_LINE.match(line)) and "PaginatedData" not in line and "Validation" not in line:
            yield f"V4{match['name']}", names(match["required"]), names(match["optional"])


def test_every_model_of_the_contract_has_its_keys() -> None:
    """Required keys are required, optional keys are optional, and no other key is required."""
    found = all_models()
    wrong: list[str] = []
    lines = list(contract_lines())
    assert len(lines) == 78
    for name, required, optional in lines:
        if name not in found:
            wrong.append(f"{name}: no such model")
            continue
        have = keys(found[name])
        wrong += [f"{name}.{key}: not required" for key in required - CONSTANT if not have.get(key)]
        wrong += [f"{name}.{key}: missing" for key in optional if key not in have]
        wrong += [f"{name}.{key}: required" for key, needed in have.items() if needed and key not in required]
    assert wrong == []


def test_null_means_absent_on_every_optional_key() -> None:
    """A null on an optional key is never what is wrong, but for words that tell files, records or conditions apart."""
    for model in all_models().values():
        words = ("type", "record", "kind")
        optional = [key for key, required in keys(model).items() if not required and key not in words]
        assert wrong_keys(model, dict.fromkeys(optional)) == wrong_keys(model, {}), model


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    """The schema of each model in each mode, all made together, as OpenAPI makes them."""
    models = [(model, mode) for model in all_models().values() for mode in MODES]
    references, document = models_json_schema(models)
    return {key: document["$defs"][schema["$ref"].rsplit("/", 1)[1]] for key, schema in references.items()}


def test_every_model_has_a_schema_and_a_docstring(schemas: Schemas) -> None:
    """OpenAPI can show each model, as it is sent and as it is answered."""
    for model in all_models().values():
        assert model.__doc__, model
        for mode in MODES:
            assert "properties" in schemas[model, mode], model
