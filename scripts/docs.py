"""Write what can rot: tables, answers and links in the documentation, the bundle's manifest, and the registry's entry.

`--check` only compares.
"""

import json
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import anyio

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "server"))

from scripts.registry import install_links, server_json

from evals_mcp import __version__
from evals_mcp.cli.demo import EVALUATION, QUESTIONS, Question, load_demo
from evals_mcp.config import OAUTH_VARIABLES, VARIABLES, Settings
from evals_mcp.hosts.known import HOSTS
from evals_mcp.hosts.machine import Machine
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.mcp.prompts import PROMPTS, Prompt
from evals_mcp.mcp.resources import RESOURCES, evaluation_report
from evals_mcp.models.roles import ROLES
from evals_mcp.models.sql_views import VIEWS
from evals_mcp.serving.options import ServeOptions
from evals_mcp.serving.setting import Setting, settings_of
from evals_mcp.store.database.opening import revisions
from evals_mcp.store.sql.functions import NAMES
from evals_mcp.store.teams.control import CONTROL
from evals_mcp.tools import TOOLS
from evals_mcp.wiring import build_client

SERVED = list(settings_of(ServeOptions))
ROOT = Path(__file__).resolve().parents[1]
_EARLIER_RELEASES = (("0.1.0", "0001", "0001"),)
ASKED_FIRST = "Which version is better?"
"""The question of the demonstration that the README shows the answer to."""


def table(head: str, rows: Iterable[str]) -> str:
    """A table in Markdown."""
    return "\n".join([head, "|---" * (head.count("|") - 1) + "|", *rows])


def tools_table() -> str:
    """A row for each tool: its name, whether it writes, and what the model reads about it."""
    rows = [f"| `{tool.name}` | {'reads' if tool.read_only else 'writes'} | {tool.description} |" for tool in TOOLS]
    return table("| tool | | what it does |", rows)


def prompts_table() -> str:
    """A row for each prompt: its name, and what a person reads about it."""
    return table("| prompt | what the assistant does |", (f"| `{p.name}` | {p.description} |" for p in PROMPTS))


def resources_table() -> str:
    """A row for each kind of resource: its address, and what is there."""
    return table("| resource | what it contains |", (f"| `{r.address}` | {r.description} |" for r in RESOURCES))


def roles_table() -> str:
    """A row for each role of a key."""
    return table("| role | what it may do |", (f"| `{role.word}` | {meaning} |" for role, meaning in ROLES.items()))


def settings_table() -> str:
    """A row for each variable of the environment."""
    return table("| variable | meaning |", (f"| `{name}` | {meaning} |" for name, meaning in VARIABLES.items()))


def oauth_rows() -> str:
    """A row for each variable of the environment that is about sign-in."""
    return table(
        "| variable of `serve` | meaning |", (f"| `{name}` | {text} |" for name, text in OAUTH_VARIABLES.items())
    )


def serve_table() -> str:
    """A row for each setting of `serve`."""
    rows = (f"| `{setting.name}` | `{setting.variable}` | {setting.meaning}{_default(setting)} |" for setting in SERVED)
    return table("| setting | variable | meaning |", rows)


def _default(setting: Setting) -> str:
    return f"; default {setting.default}" if setting.default else ""


class Answered(NamedTuple):
    """A question and the answer that the model reads."""

    question: Question
    answer: str


async def ask_about_the_sample() -> list[Answered]:
    """What the tools answer about the sample: to the demonstration's questions, and to one about a single log."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(database=str(Path(folder) / "sample.db"))
        await load_demo(settings)
        functions = {tool.name: tool.function for tool in TOOLS}
        async with build_client(settings) as client:
            answers = []
            for question in QUESTIONS:
                answer = await functions[question.tool](Lookup(client), **question.arguments)
                answers.append(Answered(question, answer))
                if "policy_correct=false" in question.arguments.get("where", ()):
                    single = beside_the_baseline(answer)
                    answers.append(Answered(single, await functions["get_log"](Lookup(client), **single.arguments)))
            report = Question("A report to attach to a chat.", RESOURCES[0].address, {})
            answers.append(Answered(report, await evaluation_report(Lookup(client), EVALUATION)))
    return answers


def beside_the_baseline(answer: str) -> Question:
    """A question about the first log that an answer lists."""
    found = re.search(r"^log_\w+", answer, re.MULTILINE)
    assert found is not None
    arguments = {"log": found[0], "evaluation": EVALUATION, "beside": "v1-baseline"}
    return Question("Show the first of them beside the baseline's.", "get_log", arguments)


def example(answers: Sequence[Answered]) -> str:
    """The first answer that the README shows, without ids."""
    answer = next(answer for question, answer in answers if question.words == ASKED_FIRST)
    shown = re.sub(r" \((evr|run)_\w+\)| \| (run_\w+|id)$", "", answer, flags=re.MULTILINE)
    return f"```\n{shown}\n```"


FIGURES = """## What the figures mean

- **Rates and means.** Of a run's judged logs. If a datapoint has several logs, they are averaged first, so each
  datapoint counts once. Failed, abstained and missing judgments are excluded and named. In `compare_runs` and the
  reports' comparisons, only datapoints that are judged in both runs count: a run can have 85% there and 84.6% here,
  and the answer says so.
- **Authors.** One judgment of a log counts for each evaluator and author: the evaluator log's `user`, else, on a server
  with keys, the key's name. A log that several authors judged counts once: by the mean of their booleans or numbers,
  or by each option's share of them. Answers say how many logs each judged and on how many they differ. A filter finds
  a log by any author's judgment ([why](design/authors.md)).
- **Differences.** Always of the figures as they are shown. A difference of latency under 10 ms gets no verdict.
- **p.** Corrected by Holm's method over all comparisons of the evaluation: every other run with the baseline, by
  every evaluator; measures are a family of their own. So a difference has one p, whatever part a call shows. With
  `family="asked"`, p is corrected over the candidates and evaluators of the call, and the answer says so. Comparisons
  in which nothing changed do not count.
- **Tokens.** Prompt, reasoning and output tokens. **Cost.** Prompt and output cost. Each is known only if prompt and
  output are. A log that has none of its own, such as a flow's, has the sum of its steps; a step that says what it
  used speaks for the steps below it. If a step has one of both figures and lacks the other, the sum of the other is
  unknown.
- **Latency.** The provider's, else the time from start to end.
- **Failures and disagreement.** A log fails if it has an error, or is judged false, a negative option or in the worst
  quarter of the range. Options without a valence have no order: answers name them, and they fail nothing. Judgments
  disagree if they are true and false, different options, or numbers at least half the range apart: between runs,
  repeated logs or authors."""


def answers_page(answers: Sequence[Answered]) -> str:
    """Every answer with its question; what differs each time it is asked (ids, times, cursors) stands as `…`."""
    parts = [
        "# What the tools answer\n\nAbout the sample that `evals-mcp demo` loads; made by `python scripts/docs.py`. "
        "Ids, times and cursors stand as `…`."
    ]
    for question, answer in answers:
        arguments = ", ".join(f"{key}={json.dumps(value)}" for key, value in question.arguments.items())
        call = question.tool if "://" in question.tool else f"{question.tool}({steady(arguments)})"
        parts.append(f"## {question.words}\n\n`{call}`\n\n````\n{steady(answer)}\n````")
    return "\n\n".join([*parts, FIGURES]) + "\n"


def steady(text: str) -> str:
    """A text without what differs each time."""
    text = re.sub(r"\b([a-z]+)_[A-Za-z0-9]{21}\b", r"\1_…", text)
    text = re.sub(r'cursor="[^"]+"', 'cursor="…"', text)
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?Z", "…", text)


def views_tables() -> str:
    """For each view of SQL, what a row is, and a row for each column."""
    parts = []
    for view in VIEWS.values():
        rows = (f"| `{column.name}` | {column.type} | {column.meaning} |" for column in view.columns)
        parts.append(f"### {view.name}\n\nA row is {view.row}.\n\n{table('| column | type | meaning |', rows)}")
    return "\n\n".join(parts)


def sql_page(text: str) -> str:
    """The page on SQL with its views and functions made anew."""
    return marked(text, {"VIEWS": views_tables(), "FUNCTIONS": ", ".join(f"`{name}`" for name in NAMES) + "."})


def hosts_table() -> str:
    """A row for each host that `setup` knows: how commands call it, and its configuration on Linux."""
    machine = Machine(Path("~"), {}, "linux")
    rows = (
        f"| {host.name} | `{host.key}` | `{host.path(machine).as_posix()}`, `{'.'.join(host.section)}` |"
        for host in HOSTS
    )
    return table("| host | name in commands | configuration on Linux, and the key there |", rows)


def revisions_table() -> str:
    """A row for each release: the last revisions of the tables of a workspace, and of keys and workspaces."""
    now = (__version__, revisions()[-1], revisions(CONTROL)[-1])
    rows = [f"| {' | '.join(row)} |" for row in (*_EARLIER_RELEASES, now)]
    return table("| release | revision of a workspace | of keys and workspaces |", rows)


def readme(text: str, answers: Sequence[Answered]) -> str:
    """The README with its tables and its example made anew."""
    made = {
        "EXAMPLE": example(answers),
        "LINKS": install_links(),
        "TOOLS": tools_table(),
        "PROMPTS": prompts_table(),
        "RESOURCES": resources_table(),
        "SETTINGS": settings_table(),
    }
    return marked(text, made)


def marked(text: str, made: Mapping[str, str]) -> str:
    """A text with what stands between marks made anew."""
    for mark, content in made.items():
        before, rest = text.split(f"<!-- START {mark} -->", 1)
        _, after = rest.split(f"<!-- END {mark} -->", 1)
        text = f"{before}<!-- START {mark} -->\n{content}\n<!-- END {mark} -->{after}"
    return text


def bundled_prompt(prompt: Prompt) -> dict[str, Any]:
    """A prompt as the manifest names it: a host fills in what stands for its arguments."""
    text = prompt.function(**{name: f"${{arguments.{name}}}" for name in prompt.arguments})
    about = {"name": prompt.name, "description": prompt.description}
    return {**about, "arguments": list(prompt.arguments), "text": text}


def manifest(text: str) -> str:
    """The manifest with the package's version, tools and prompts."""
    content = json.loads(text)
    content["version"] = __version__
    content["tools"] = [{"name": tool.name, "description": tool.title} for tool in TOOLS]
    content["prompts"] = [bundled_prompt(prompt) for prompt in PROMPTS]
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def written() -> dict[str, str]:
    """What each file should hold."""
    answers: list[Answered] = anyio.run(ask_about_the_sample)
    bundle = manifest(_read("manifest.json"))
    return {
        "README.md": readme(_read("README.md"), answers),
        "docs/answers.md": answers_page(answers),
        "docs/keeping.md": marked(_read("docs/keeping.md"), {"REVISIONS": revisions_table()}),
        "docs/setup.md": marked(_read("docs/setup.md"), {"HOSTS": hosts_table()}),
        "docs/serving.md": marked(
            _read("docs/serving.md"), {"SERVE": serve_table(), "ROLES": roles_table(), "OAUTH": oauth_rows()}
        ),
        "docs/sql.md": sql_page(_read("docs/sql.md")),
        "manifest.json": bundle,
        "server.json": server_json(json.loads(bundle)),
    }


def stale() -> list[str]:
    """The files that are not as they would be written."""
    return [name for name, content in written().items() if content != _read(name)]


def _read(name: str) -> str:
    path = ROOT / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def main() -> None:
    """Write the files, or with `--check` exit with status 1 if any is stale."""
    if "--check" in sys.argv[1:]:
        names = stale()
        for name in names:
            print(f"{name} is stale: run python scripts/docs.py", file=sys.stderr)
        sys.exit(bool(names))
    for name, content in written().items():
        (ROOT / name).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
