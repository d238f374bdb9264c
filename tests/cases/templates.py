"""Writes what MkDocs makes of templates, for tests/templates.rs.

python3 -m venv venv && venv/bin/pip install mkdocs==1.6.1 mkdocs-material==9.8.2
SOURCE_DATE_EPOCH=1700000000 venv/bin/python tests/cases/templates.py > tests/cases/templates.json

Each construct of `templates.txt`, between lines of `----`, is rendered for one page of the small project
beside it; null is a template that MkDocs itself cannot render.
"""

import json
import logging
import pathlib
import shutil
import sys
import tempfile

from mkdocs.commands import build
from mkdocs.config import load_config
from mkdocs.structure.files import get_files
from mkdocs.structure.nav import get_navigation
from mkdocs.structure.pages import Page

here = pathlib.Path(__file__).parent
logging.disable(logging.CRITICAL)
folder = pathlib.Path(tempfile.mkdtemp()) / "project"
shutil.copytree(here / "templates", folder)
config = load_config(str(folder / "mkdocs.yml"))
config.plugins.on_startup(command="build", dirty=False)
config = config.plugins.on_config(config)
env = config.theme.get_env()
files = get_files(config)
files.add_files_from_theme(env, config)
files = config.plugins.on_files(files, config=config)
nav = get_navigation(files, config)
nav = config.plugins.on_nav(nav, config=config, files=files)
for file in files.documentation_pages():
    build._populate_page(file.page, config, files, False)
env = config.plugins.on_env(env, config=config, files=files)
page = files.get_file_from_path("guide/deploy.md").page
page.active = True
context = build.get_context(nav, files, config, page)
context = config.plugins.on_page_context(context, page=page, config=config, nav=nav)

found = []
for text in (here / "templates.txt").read_text().split("\n----\n"):
    text = text.strip("\n")
    try:
        right = env.from_string(text).render(context).replace(str(folder), "ROOT")
    except Exception as error:
        print(f"{text!r}: {error!r}", file=sys.stderr)
        right = None
    found.append([text, right])
print("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in found) + "\n]")
