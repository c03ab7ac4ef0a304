from evals_mcp.answers.frame.tables import table


def test_a_table_is_lines_of_cells() -> None:
    """Headers first, cells separated by bars, no padding; empty cells are marked, empty columns are gone."""
    rows = [["a", "", "1"], ["b", "", ""]]
    assert table(["run", "status", "mean"], rows) == ["run | mean", "a | 1", "b | -"]


def test_a_table_without_rows_has_no_lines() -> None:
    """Headers alone say nothing."""
    assert table(["run"], []) == []
