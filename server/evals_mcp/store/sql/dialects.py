"""How SQLite and PostgreSQL write what a reviewer's SQL may say, so that both mean the same. Runs nothing."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from evals_mcp.errors import Invalid
from evals_mcp.store.sql.sqlite_functions import LONGEST_TEXT

_PLAIN = {
    "abs": "abs({0})",
    "avg": "avg({0})",
    "like": "({0} LIKE {1} ESCAPE '\\')",
    "count": "count({0})",
    "max": "max({0})",
    "min": "min({0})",
    "nullif": "nullif({0}, {1})",
    "dense_rank": "dense_rank()",
    "lag": "lag({0}, {1})",
    "lead": "lead({0}, {1})",
    "rank": "rank()",
    "row_number": "row_number()",
    "trim": "trim({0})",
    "ltrim": "ltrim({0})",
    "rtrim": "rtrim({0})",
    "sum": "sum({0})",
    "concat": f"substr({{0}} || {{1}}, 1, {LONGEST_TEXT})",
    "replace": f"substr(replace({{0}}, {{1}}, {{2}}), 1, {LONGEST_TEXT})",
}
_SQLITE = _PLAIN | {
    "at_least": "max({0}, {1})",
    "boolean_to_integer": "{0}",
    "boolean_to_text": "CASE {0} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END",
    "ceil": "q_ceil({0})",
    "corr": "q_corr({0}, {1})",
    "div": "(CAST({0} AS REAL) / {1})",
    "every": "min({0})",
    "floor": "q_floor({0})",
    "instr": "q_instr({0}, {1})",
    "integer_to_text": "CAST({0} AS TEXT)",
    "is": "({0} IS {1})",
    "length": "length({0})",
    "ln": "q_ln({0})",
    "lower": "lower({0})",
    "mod": "({0} % {1})",
    "number_to_integer": "q_integer({0})",
    "number_to_text": "q_text({0})",
    "percentile": "q_percentile({0}, {1})",
    "round": "q_round({0}, {1})",
    "some": "max({0})",
    "sqrt": "q_sqrt({0})",
    "stddev": "q_stddev({0})",
    "text_to_number": "q_number({0})",
    "upper": "upper({0})",
}
_SOME_NUMBER = r"'^\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{{1,3}})?\s*$'"
_POSTGRESQL = _PLAIN | {
    "at_least": "CAST(greatest({0}, {1}) AS integer)",
    "boolean_to_integer": "CAST({0} AS integer)",
    "boolean_to_text": "CAST({0} AS text)",
    "ceil": "CAST(ceil({0}) AS bigint)",
    "corr": "corr({0}, {1})",
    "div": "(CAST({0} AS double precision) / nullif(CAST({1} AS double precision), 0))",
    "every": "bool_and({0})",
    "floor": "CAST(floor({0}) AS bigint)",
    "instr": "CASE WHEN char_length({1}) <= 10000 THEN strpos({0}, {1}) END",
    "integer_to_text": "CAST({0} AS text)",
    "is": "({0} IS NOT DISTINCT FROM {1})",
    "length": "char_length({0})",
    "ln": "CASE WHEN {0} > 0 THEN ln(CAST({0} AS double precision)) END",
    "lower": 'lower({0} COLLATE "C")',
    "mod": "({0} % nullif({1}, 0))",
    "number_to_integer": "CASE WHEN {0} >= -9223372036854775808 AND {0} < 9223372036854775808 "
    "THEN CAST(trunc({0}) AS bigint) END",
    "number_to_text": "CAST({0} AS text)",
    "percentile": "percentile_cont({1}) WITHIN GROUP (ORDER BY CAST({0} AS double precision))",
    "round": "CAST(round(CAST({0} AS numeric), {1}) AS double precision)",
    "some": "bool_or({0})",
    "sqrt": "CASE WHEN {0} >= 0 THEN sqrt(CAST({0} AS double precision)) END",
    "stddev": "stddev_samp(CAST({0} AS double precision))",
    "text_to_number": f"CASE WHEN {{0}} ~ {_SOME_NUMBER} THEN CAST({{0}} AS double precision) END",
    "upper": 'upper({0} COLLATE "C")',
}


class Dialect(NamedTuple):
    """A dialect: templates by name, and how texts and paths into JSON are written."""

    templates: Mapping[str, str]
    is_sqlite: bool

    @property
    def json_repeats(self) -> int:
        """How often `json_value` repeats the JSON at most."""
        return 3 if self.is_sqlite else 1

    def text(self, value: str) -> str:
        """A text literal. Raises Invalid for a null character."""
        if "\0" in value:
            raise Invalid("sql: a text contains a null character.")
        return "'" + value.replace("'", "''") + "'"

    def json_value(self, json: str, steps: Sequence[str | int], *, is_json: bool, as_json: bool) -> str:
        """The value at a path in JSON, as a text. If the text may be other than JSON, then null where it is not."""
        if self.is_sqlite:
            value = self._sqlite_json(json, steps, as_json=as_json)
            return value if is_json else f"CASE WHEN json_valid({json}) THEN {value} END"
        if not is_json:
            json = f"{self.templates['parsed_json']}({json})"
        path = [str(step) if isinstance(step, int) else self.text(step) for step in steps]
        arrows = ["->"] * (len(path) - 1) + ["->" if as_json else "->>"]
        whole = "".join(f" {arrow} {step}" for arrow, step in zip(arrows, path, strict=True))
        return f'CAST(CAST({json} AS json){whole} AS text) COLLATE "C"'

    def _sqlite_json(self, json: str, steps: Sequence[str | int], *, as_json: bool) -> str:
        for step in steps:
            if isinstance(step, str) and ('"' in step or "\\" in step):
                raise Invalid('sql: a key in a path into JSON cannot contain `"` or a backslash.')
        path = self.text("$" + "".join(f"[{step}]" if isinstance(step, int) else f'."{step}"' for step in steps))
        found = f"json_extract({json}, {path})"
        found = f"nullif(json_quote({found}), 'null')" if as_json else f"CAST({found} AS TEXT)"
        words = ("true", "false", "null") if as_json else ("true", "false")
        whens = " ".join(f"WHEN '{word}' THEN '{word}'" for word in words)
        return f"CASE json_type({json}, {path}) {whens} ELSE {found} END"


SQLITE = Dialect(_SQLITE, True)


def postgresql(schema: str) -> Dialect:
    """The dialect of PostgreSQL, with our function in the schema of a workspace."""
    return Dialect({**_POSTGRESQL, "parsed_json": f'"{schema}".query_json'}, False)
