"""What people open: the pages of `evals-mcp serve`, and the report of an evaluation as a file."""
