"""The type of an answer's words: text from data is refused wherever it was not quoted."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[3]
_PACKAGE = _ROOT / "server" / "evals_mcp"
_IMPORTS = """
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.figures import count
from evals_mcp.answers.frame.quoting import Quoted, name, quote
from evals_mcp.answers.frame.tables import table
from evals_mcp.errors import NotFound
"""
_FUNCTION = """

def words_{}(answer: Answer, text: str, amount: int, texts: list[str]) -> Quoted:
    {}
    return ""
"""
_ACCEPTED = [
    'answer.head("No runs yet.")',
    'answer.head(f"Run {name(text)}: {quote(text)} in {count(amount)}.")',
    'answer.note(", ".join(map(name, texts)))',
    'answer.rows(table(["run"], [[name(text)]]), lambda shown: f"{count(shown)} more")',
    'raise NotFound(f"run: no run is named {name(text)}.")',
    'return "none" if amount else name(text)',
]
_REFUSED = [
    "answer.head(text)",
    'answer.line(f"Run {text}")',
    'answer.note(", ".join(texts))',
    'answer.offer("Run " + text)',
    'answer.rows([text], lambda shown: "")',
    'answer.rows(table(["run"], [[text]]), lambda shown: "")',
    'answer.rows(table(["run"], []), lambda shown: text)',
    'raise NotFound(f"run: no run is named {text}.")',
    'return name(text) + " " + text',
    "return quote(text).replace('|', text)",
]


def _check(*files: str) -> str:
    """What ty reports, a line each; "" for nothing."""
    command = [sys.executable, "-m", "ty", "check", "--output-format", "concise", "--python", sys.prefix]
    checked = subprocess.run([*command, *files], capture_output=True, text=True, cwd=_ROOT, timeout=120)
    assert checked.returncode in (0, 1), checked.stderr
    return "".join(line + "\n" for line in checked.stdout.splitlines() if ": error[" in line)


def _refused(tmp_path: Path, lines: list[str]) -> list[str]:
    """The lines that are refused as words of an answer."""
    source = tmp_path / "snippet.py"
    source.write_text(_IMPORTS + "".join(_FUNCTION.format(number, line) for number, line in enumerate(lines)))
    found = _check(str(source))
    reported = {int(number) - 1 for number in re.findall(r":(\d+):\d+: error.*LiteralString", found)}
    shown = source.read_text().splitlines()
    assert len(reported) == len(found.splitlines()), found
    return [shown[number].strip() for number in sorted(reported)]


@pytest.mark.process
def test_our_words_and_quoted_data_are_accepted(tmp_path: Path) -> None:
    """Literals, figures, and data that a function of the frame quoted may stand in an answer and in an error."""
    assert _refused(tmp_path, _ACCEPTED) == []


@pytest.mark.process
def test_raw_text_is_refused(tmp_path: Path) -> None:
    """A plain `str` is no word of an answer or an error, however it gets into the line."""
    assert _refused(tmp_path, _REFUSED) == _REFUSED


@pytest.mark.process
def test_the_answers_pass() -> None:
    """Nothing in the code that writes the chat's words shows text that was not quoted."""
    assert _check() == ""


def test_only_the_frame_makes_quoted_words() -> None:
    """No other code declares a text to be harmless, and no file outside of the frame silences the check."""
    for path in sorted(_PACKAGE.rglob("*.py")):
        source, in_frame = path.read_text(), path.parent.name == "frame"
        assert in_frame or "harmless" not in source, path
        assert source.count("ty: ignore") == (path.name == "quoting.py"), path
        assert "cast(" not in source or "LiteralString" not in source, path
