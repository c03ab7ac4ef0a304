"""`evals-mcp serve`: the API, the pages and MCP over HTTP, for a team."""
