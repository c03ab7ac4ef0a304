"""Entry point of the Claude Desktop bundle: run the stdio server from the unpacked folder."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from evals_mcp.handshake.start import main

if __name__ == "__main__":
    main(in_bundle=True)
