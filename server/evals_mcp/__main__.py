"""`python -m evals_mcp`."""

from evals_mcp.cli.main import main

if __name__ == "__main__":
    main()
