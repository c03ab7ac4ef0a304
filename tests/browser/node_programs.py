"""What is made of the npm packages of `host/`: among them the official host of views, bundled into one script."""

import subprocess
from pathlib import Path

HOST = Path(__file__).parent / "host"
MODULES = HOST / "node_modules"


def bundle_host(node: str, to: Path) -> str:
    """The script of `host.ts` and the packages that it uses, written as the file `to`."""
    esbuild = MODULES / "esbuild" / "bin" / "esbuild"
    options = ["--bundle", "--minify", "--format=iife", "--log-level=warning", f"--outfile={to}"]
    subprocess.run([node, str(esbuild), str(HOST / "host.ts"), *options], timeout=240, check=True)
    return to.read_text(encoding="utf-8")


def axe_script() -> str:
    """The script of axe-core, which judges whether a page can be used by everybody."""
    return (MODULES / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
