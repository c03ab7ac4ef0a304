"""`python -m evals_mcp`."""

from evals_mcp.cli import main

if __name__ == "__main__":
    main()
