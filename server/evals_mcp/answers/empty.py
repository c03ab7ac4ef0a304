"""What to do where there are no evaluations: which database this is, and how evaluations get into it."""

from evals_mcp.answers.frame.calls import next_call
from evals_mcp.answers.frame.figures import listed
from evals_mcp.answers.frame.quoting import Quoted, name, quote
from evals_mcp.models.setup import DatabaseState, Setup

_LISTED = 8
_PLACES: Quoted = "Settings, Extensions, Evals, Configure, "
_OF_SERVER: Quoted = (
    "In a terminal: evals-mcp import PATH --into URL, with the server's address and, in HUMANLOOP_API_KEY, an API key "
    "that may write."
)
SAMPLE: Quoted = "sample"
"""The path of the sample evaluation, which ships with the program."""


def no_evaluations(setup: Setup, server: str) -> list[Quoted]:
    """Sentences that name the database, tell a wrong path from an empty database, and give the next step.

    `server` is the host of a server of others.
    """
    if setup.is_served:
        return ["This server has no evaluations for you.", f"It imports no files from the chat. {_OF_SERVER}"]
    state = None if setup.database is None else setup.database()
    lines = [f"The server at {name(server)} has no evaluations."] if state is None else _database(state, setup)
    return [*lines, *_next_steps(setup, state)]


def how_to_allow(setup: Setup) -> Quoted:
    """What a person does to let the chat import from a folder."""
    if setup.in_bundle:
        return f'In Claude Desktop, open {_PLACES}and add the folder to "Folders to import from".'
    if setup.has_folder_option:
        how: Quoted = "add the folder's full path after --import-dirs in the server's args"
    else:
        how = "set EVALS_MCP_IMPORT_DIRS to the folder's full path"
    return f"In the host's configuration, {how}, then restart the server."


def _how_to_read(setup: Setup) -> Quoted:
    """What a person does to read a workspace."""
    setting: Quoted = f'{_PLACES}"Workspace"' if setup.in_bundle else "EVALS_MCP_WORKSPACE"
    return f"To read one, set {setting} to its name."


def without_limit(setup: Setup) -> Quoted:
    """How to import what is too large for the chat."""
    if setup.in_bundle:
        return "Split the file into smaller ones, and import them into one evaluation."
    return _command(None if setup.database is None else setup.database())


def _database(state: DatabaseState, setup: Setup) -> list[Quoted]:
    address = name(state.address)
    setting: Quoted = f'{_PLACES}"Database"' if setup.in_bundle else "EVALS_MCP_DATABASE"
    lines: list[Quoted] = []
    if not state.missing:
        lines.append(f"The database {address} has no evaluations.")
    elif state.is_default:
        lines.append(f"The database {address} does not exist yet. The first write creates it.")
    else:
        what: Quoted = "and its folder do not exist" if state.missing == "folder" else "does not exist"
        lines.append(f"The database {address} {what}. If this is a typing error, correct {setting}.")
    if state.workspaces:
        workspaces = listed([name(workspace) for workspace in state.workspaces], _LISTED)
        lines.append(f"Its workspaces have data of their own: {workspaces}. {_how_to_read(setup)}")
    if state.others:
        others = listed([name(other) for other in state.others], _LISTED)
        lines.append(f"Databases with evaluations in the same folder: {others}. To use one, set {setting}.")
    return lines


def _next_steps(setup: Setup, state: DatabaseState | None) -> list[Quoted]:
    """The calls that bring evaluations in, and the command where a person has one."""
    lines: list[Quoted] = []
    if setup.may_import:
        lines.append(f"Next: {next_call('import_results', path=SAMPLE)} loads a sample evaluation.")
        if setup.import_folders:
            folders = listed([name(str(folder)) for folder in setup.import_folders], _LISTED)
            call = next_call("import_results", path="results.csv")
            lines.append(f"Results in files: {call} reads below {folders}.")
        else:
            lines.append(f"Results in files: first allow a folder. {how_to_allow(setup)}")
    else:
        setting: Quoted = f'{_PLACES}"Read only"' if setup.in_bundle else "EVALS_MCP_READ_ONLY"
        lines.append(f"This server is read-only ({setting}), so the chat cannot import results.")
    if not setup.in_bundle:
        lines.append(_command(state))
    return lines


def _command(state: DatabaseState | None) -> Quoted:
    if state is None:
        return "In a terminal with the same HUMANLOOP_BASE_URL and HUMANLOOP_API_KEY: evals-mcp import PATH"
    if state.workspaces:
        return "In a terminal, into a workspace: evals-mcp --workspace NAME import PATH"
    if "://" in state.address:
        return "In a terminal with the same EVALS_MCP_DATABASE: evals-mcp import PATH"
    return f"In a terminal: evals-mcp import PATH --into {quote(state.address)}"
