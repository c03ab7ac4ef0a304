"""`python -m evals_mcp`."""

from evals_mcp.handshake.start import main

if __name__ == "__main__":
    main()
