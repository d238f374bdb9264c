"""Records what mkdocs-include-markdown-plugin and gh-admonitions make of the cases in `cases.json`.

Usage: record.py, with a Python that has both plugins; `../sites/versions.txt` names the versions.
"""

import json
import os
import pathlib
import tempfile

from mkdocs.config import load_config
from mkdocs.structure.files import File
from mkdocs.structure.pages import Page

here = pathlib.Path(__file__).parent
cases = json.loads((here / "cases.json").read_text())
for case in cases:
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, text in case["files"].items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        config = load_config(
            config_file=open(os.devnull),
            site_name="x",
            docs_dir=str(folder / "docs"),
            site_dir=str(folder / "site"),
            plugins=[{name: settings} for name, settings in case["plugins"].items()],
        )
        file = File(case["page"], str(folder / "docs"), str(folder / "site"), True)
        page = Page(None, file, config)
        for name, plugin in config.plugins.items():
            config.plugins.run_event("config", config)
            break
        text = file.content_string
        case["expected"] = config.plugins.on_page_markdown(text, page=page, config=config, files=None)
(here / "cases.json").write_text(json.dumps(cases, indent=1, ensure_ascii=False) + "\n")
