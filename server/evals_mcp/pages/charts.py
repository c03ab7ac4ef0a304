"""The forest plot of a report as an SVG or PNG file, for slides. Altair draws it, with the extra `charts`."""

from pathlib import Path
from typing import Any, Literal

from evals_mcp.answers.frame.quoting import visible
from evals_mcp.errors import Invalid
from evals_mcp.exporters.new_files import require_writable, write_new_file
from evals_mcp.models.model import JsonObject

ChartFormat = Literal["svg", "png"]
_SIGNS = ["better", "worse", "different", "none"]
_LABELS = ["better", "worse", "different", "no significant difference"]
_COLOURS = ["#00697a", "#b3360b", "#6a3fb5", "#606a78"]
_SHAPES = ["triangle-up", "triangle-down", "diamond", "circle"]
_UNITS = {"latency": "seconds", "tokens": "tokens", "cost": "US dollars"}
_TICKS = 6  # about so many, because the labels of costs are long
_WIDTH, _ROW = 420, 26
_PIXELS = 2.0  # of a PNG, for each point


def chart_format(to: str) -> ChartFormat:
    """The format that a file's name tells.

    Raises Invalid for another name, for what cannot be replaced there, and where the extra is missing.
    """
    ending = Path(to).suffix.lower().removeprefix(".")
    if ending not in ("svg", "png"):
        raise Invalid(f"{to}: a chart is a file that ends with .svg or .png.")
    require_writable(Path(to), ending)
    _altair()
    return "svg" if ending == "svg" else "png"


def write_chart(document: JsonObject, path: Path, format: ChartFormat) -> None:
    """Write the differences of a comparison with their intervals. Raises Invalid if there are none."""
    chart = _chart(document)
    options: dict[str, Any] = {"scale_factor": _PIXELS} if format == "png" else {}
    write_new_file(path, format, lambda new: chart.save(str(new), format=format, **options))


def _altair() -> Any:
    try:
        import altair
        import vl_convert  # noqa: F401  (draws without a browser)
    except ModuleNotFoundError:
        raise Invalid('Charts need two libraries that are not installed: pip install "evals-mcp[charts]"') from None
    return altair


def _chart(document: JsonObject) -> Any:
    altair = _altair()
    labels = {run["id"]: visible(run["label"]) for run in document["runs"]}
    panels: dict[str, list[JsonObject]] = {}
    for candidate in document.get("candidates", ()):
        for row in candidate["rows"]:
            if row["has_interval"] and not row["constant"]:
                panels.setdefault(visible(row["label"]), []).append(_values(row, labels[candidate["run"]]))
    if not panels:
        raise Invalid("--chart: this evaluation has no differences with intervals to draw.")
    title = altair.TitleParams(
        visible(document["evaluation"]["name"]),
        subtitle=f"Differences from {labels[document['baseline']]}, 95 % intervals",
    )
    drawn = [_panel(altair, label, values) for label, values in panels.items()]
    return altair.vconcat(*drawn, title=title, spacing=14).resolve_scale(x="independent", y="independent")


def _values(row: JsonObject, run: str) -> JsonObject:
    low, difference, high = (row[name] * row["scale"] for name in ("low", "difference", "high"))
    ends = {"low": low, "difference": difference, "high": high}
    return {"run": run, "sign": row["sign"], **ends, "scale": row["scale"], "measure": row["measure"]}


def _panel(altair: Any, label: str, values: list[JsonObject]) -> Any:
    """A panel: a row for each run, in the order of the report."""
    unit = _UNITS.get(values[0]["measure"], "") or ("points" if values[0]["scale"] != 1 else "")
    base = altair.Chart(altair.Data(values=values))
    runs = altair.Y("run:N", title=None, sort=[item["run"] for item in values], axis=altair.Axis(labelLimit=220))
    colour = altair.Color(
        "sign:N",
        title=None,
        scale=altair.Scale(domain=_SIGNS, range=_COLOURS),
        legend=altair.Legend(labelExpr=_legend(), orient="bottom"),
    )
    shape = altair.Shape("sign:N", title=None, scale=altair.Scale(domain=_SIGNS, range=_SHAPES))
    zero = altair.Chart(altair.Data(values=[{"zero": 0}])).mark_rule(color="#1b1f24").encode(x="zero:Q")
    whiskers = base.mark_rule(strokeWidth=2.5).encode(
        x=altair.X(
            "low:Q", title=f"difference in {unit}" if unit else "difference", axis=altair.Axis(tickCount=_TICKS)
        ),
        x2="high:Q",
        y=runs,
        color=colour,
    )
    points = base.mark_point(filled=True, size=90, opacity=1).encode(
        x="difference:Q", y=runs, color=colour, shape=shape
    )
    return altair.layer(zero, whiskers, points).properties(
        title=altair.TitleParams(label, anchor="start", fontSize=12), width=_WIDTH, height=_ROW * len(values) + 8
    )


def _legend() -> str:
    """The words of the signs, as an expression of Vega."""
    return " : ".join(f"datum.value == '{sign}' ? '{label}'" for sign, label in zip(_SIGNS, _LABELS, strict=True)) + (
        " : datum.value"
    )
