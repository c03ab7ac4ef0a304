"""Which logs have a length: those whose output, or output message, has a text. `run_logs` has 0 for the others."""

from sqlalchemy import ColumnElement, Connection, func, or_, select

from evals_mcp.store.database.tables import logs, run_logs


def has_length(connection: Connection) -> ColumnElement[bool]:
    """Whether a log of `run_logs` has a length. Looks at its texts only where the length is 0."""
    message = logs.c.output_message
    if connection.dialect.name == "sqlite":
        is_text = func.json_type(message, "$.content") == "text"
    else:
        is_text = func.json_typeof(func.json_extract_path(message, "content")) == "string"
    empty = select(1).where(logs.c.number == run_logs.c.log_number, or_(logs.c.output.is_not(None), is_text))
    return or_(run_logs.c.length > 0, empty.correlate(run_logs).exists())
