"""The official conformance suite of MCP finds that `serve` answers MCP over HTTP as the protocol says.

The suite cannot send a key, so the server has none, and answers this machine alone. Every scenario of a version runs.
Those that any server can pass are all green. The others ask for tools, resources and prompts with the suite's own names
and contents, or for parts of the protocol that a server need not have; what we send in them is valid, too.
"""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from tests.conformance.suite import FOLDER, Checks, met, not_met, run_suite
from tests.databases import vacuum_into
from tests.node_packages import require_node
from tests.serving.server_process import ServerProcess, serving_code

_LISTS = ("prompts-list", "resources-list", "tools-list")
_GENERIC = {
    "2025-06-18": ("ping", "server-initialize", *_LISTS),  # which some hosts still ask for
    "2025-11-25": ("ping", "server-initialize", *_LISTS, "dns-rebinding-protection"),
    "2026-07-28": (
        *_LISTS,
        "caching",
        "dns-rebinding-protection",
        "http-header-validation",
        "input-required-result-ignore-extra-params",
        "input-required-result-unsupported-methods",
        "sep-2164-resource-not-found",
        "server-stateless",
    ),
}
_SKILLS = ("sep-2640-skills-directory", "sep-2640-skills-enumeration", "sep-2640-skills-manifest")

_FIXTURES = {
    "completion-complete": "the prompt `test_prompt_with_arguments`",
    "elicitation-sep1034-defaults": "the tool `test_elicitation_sep1034_defaults`",
    "elicitation-sep1330-enums": "the tool `test_elicitation_sep1330_enums`",
    "http-custom-header-server-validation": "a tool with arguments in headers",
    "input-required-result-basic-elicitation": "the tool `test_input_required_result_elicitation`",
    "input-required-result-basic-list-roots": "the tool `test_input_required_result_list_roots`",
    "input-required-result-basic-sampling": "the tool `test_input_required_result_sampling`",
    "input-required-result-capability-check": "the tool `test_input_required_result_capabilities`",
    "input-required-result-missing-input-response": "the tool `test_input_required_result_elicitation`",
    "input-required-result-multi-round": "the tool `test_input_required_result_multi_round`",
    "input-required-result-multiple-input-requests": "the tool `test_input_required_result_multiple_inputs`",
    "input-required-result-non-tool-request": "the prompt `test_input_required_result_prompt`",
    "input-required-result-request-state": "the tool `test_input_required_result_request_state`",
    "input-required-result-result-type": "the tool `test_input_required_result_elicitation`",
    "input-required-result-tampered-state": "the tool `test_input_required_result_tampered_state`",
    "input-required-result-validate-input": "the tool `test_input_required_result_elicitation`",
    "json-schema-2020-12": "the tool `json_schema_2020_12_tool`",
    "prompts-get-embedded-resource": "the prompt `test_prompt_with_embedded_resource`",
    "prompts-get-simple": "the prompt `test_simple_prompt`",
    "prompts-get-with-args": "the prompt `test_prompt_with_arguments`",
    "prompts-get-with-image": "the prompt `test_prompt_with_image`",
    "resources-read-binary": "the resource `test://static-binary`",
    "resources-read-text": "the resource `test://static-text`",
    "resources-templates-read": "the resource `test://template/{id}/data`",
    "tools-call-audio": "the tool `test_audio_content`",
    "tools-call-elicitation": "the tool `test_elicitation`",
    "tools-call-embedded-resource": "the tool `test_embedded_resource`",
    "tools-call-error": "the tool `test_error_handling`",
    "tools-call-image": "the tool `test_image_content`",
    "tools-call-mixed-content": "the tool `test_multiple_content_types`",
    "tools-call-sampling": "the tool `test_sampling`",
    "tools-call-simple-text": "the tool `test_simple_text`",
    "tools-call-with-logging": "the tool `test_tool_with_logging`",
    "tools-call-with-progress": "the tool `test_tool_with_progress`",
}
"""Scenarios that need a tool, a resource or a prompt of a server that is made for the suite."""

_OPTIONAL = {
    "logging-set-level": "log messages to hosts",
    "resources-subscribe": "subscriptions",
    "resources-unsubscribe": "subscriptions",
    "server-session-lifecycle": "sessions: nothing is kept between requests",
    "server-sse-multiple-streams": "sessions",
    "server-sse-polling": "sessions",
}
"""Scenarios of what this server does not have, and does not say that it has."""

_OF_A_FIXTURE = {"sep-2575-server-rejects-undeclared-capability", "sep-2575-missing-capability-http-400"}
"""Checks of a generic scenario that need the tool `test_missing_capability`."""

_VALID = "wire-schema-valid"

Run = Callable[[str], dict[str, Checks]]


@pytest.fixture(scope="module")
def node() -> str:
    """Node, and the suite."""
    return require_node(FOLDER)


@pytest.fixture(scope="module")
def url(node: str, sample_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of the sample evaluation."""
    path = tmp_path_factory.mktemp("served") / "evals.db"
    vacuum_into(path, sample_database)
    server = ServerProcess(serving_code(str(path)))
    yield server.url
    server.process.terminate()
    assert server.ended() == 0


@pytest.fixture(scope="module")
def scenarios(node: str, url: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """All scenarios of a version, which run once."""

    @cache
    def run(version: str) -> dict[str, Checks]:
        return run_suite(node, url, tmp_path_factory.mktemp("reports"), "--suite", "all", "--spec-version", version)

    return run


@pytest.mark.parametrize(
    ("version", "scenario"), [(version, scenario) for version, names in _GENERIC.items() for scenario in names]
)
def test_what_any_server_can_pass_is_passed(scenarios: Run, version: str, scenario: str) -> None:
    """Every check of it, except those of a tool that only the suite's own server has."""
    checks = scenarios(version)[scenario]
    assert len(met(checks)) >= 2
    assert not_met([check for check in checks if check["id"] not in _OF_A_FIXTURE]) == []


@pytest.mark.parametrize("scenario", _SKILLS)
def test_the_skill_is_served_as_its_extension_says(node: str, url: str, tmp_path: Path, scenario: str) -> None:
    """Extensions are of no version, so each runs on its own."""
    selection = ("--scenario", scenario, "--spec-version", "2026-07-28", "--force")
    checks = run_suite(node, url, tmp_path, *selection)[scenario]
    assert len(met(checks)) >= 2
    assert not_met(checks) == []


@pytest.mark.parametrize("version", _GENERIC)
def test_every_other_scenario_needs_what_this_server_has_not(scenarios: Run, version: str) -> None:
    """A scenario that a new release of the suite brings is put where it belongs."""
    others = scenarios(version).keys() - set(_GENERIC[version])
    assert others <= _FIXTURES.keys() | _OPTIONAL.keys()


@pytest.mark.parametrize("version", _GENERIC)
def test_every_message_is_valid(scenarios: Run, version: str) -> None:
    """By the schema of the version, whatever the scenario asks for."""
    of_messages = [check for checks in scenarios(version).values() for check in checks if check["id"] == _VALID]
    assert len(of_messages) > len(_GENERIC[version])
    assert not_met(of_messages) == []
