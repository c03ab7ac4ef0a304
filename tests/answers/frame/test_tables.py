from evals_mcp.answers.frame.tables import lift_constant_columns, table


def test_a_table_is_lines_of_cells() -> None:
    """Headers first, cells separated by bars, no padding; empty cells are marked, empty columns are gone."""
    rows = [["a", "", "1"], ["b", "", ""]]
    assert table(["run", "status", "mean"], rows) == ["run | mean", "a | 1", "b | -"]


def test_a_table_without_rows_has_no_lines() -> None:
    """Headers alone say nothing."""
    assert table(["run"], []) == []


def test_columns_that_never_vary_are_lifted_out() -> None:
    """What is the same in all rows can be said once, and an empty column not at all."""
    lifted = lift_constant_columns(["run", "model", "note"], [["a", "m1", ""], ["b", "m1", ""]])
    assert lifted.constants == [("model", "m1")]
    assert table(lifted.headers, lifted.rows) == ["run", "a", "b"]


def test_a_single_row_keeps_its_columns() -> None:
    """With one row everything is constant, and nothing is lifted."""
    lifted = lift_constant_columns(["run", "model"], [["a", "m1"]])
    assert lifted == ([], ["run", "model"], [["a", "m1"]])
