"""Records what MkDocs makes of these pages: `expected/`, and the versions of everything that took part.

    python3 -m venv venv && venv/bin/pip install -r tests/conformance/versions.txt
    venv/bin/python tests/conformance/record.py

`tests/conformance.rs` compares opsbook with it. The pages are this project's own.
"""

import html
import importlib.metadata
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
PACKAGES = ["markdown", "mkdocs", "pygments", "pymdown-extensions"]

shutil.rmtree(HERE / "expected", ignore_errors=True)
for project in ["mkdocs", "plain"]:
    with tempfile.TemporaryDirectory() as site:
        command = [sys.executable, "-m", "mkdocs", "build", "-q", "-f", HERE / f"{project}.yml", "-d", site]
        subprocess.run(command, check=True)
        for page in sorted(pathlib.Path(site).rglob("*.html")):
            # As tests/conformance.rs reads pages: characters instead of references, no empty lines.
            lines = html.unescape(page.read_text()).splitlines()
            to = HERE / "expected" / project / page.relative_to(site)
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_text("".join(line.rstrip() + "\n" for line in lines if line.strip()))
        index = json.loads((pathlib.Path(site) / "search/search_index.json").read_text())
        entries = [[entry["location"], entry["title"], entry["text"]] for entry in index["docs"]]
        text = json.dumps(entries, ensure_ascii=False, indent=0)
        (HERE / "expected" / project / "search.json").write_text(text + "\n")
versions = [f"{name}=={importlib.metadata.version(name)}\n" for name in PACKAGES]
(HERE / "versions.txt").write_text("".join(versions))
