"""What people look at: a JSON document of a comparison, and the HTML files that draw it.

A tool makes the document from the result of its answer, where one is asked for (`Lookup.show`), so both have the same
figures. `comparison.html` draws it in three places: in a host as an MCP App, on a page of `evals-mcp serve`, and in the
file of `evals-mcp report`. docs/design/views.md describes the seam between a document, a view and where it is shown.
"""
