"""Entry of the Claude Desktop bundle: the stdio server, from the folder that the bundle was unpacked to."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from evals_mcp.cli.main import main

if __name__ == "__main__":
    main()
