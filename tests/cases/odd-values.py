"""Writes which odd values MkDocs builds with, for tests/odd_values.rs.

python3 -m venv venv
venv/bin/pip install mkdocs==1.6.1 mkdocs-material==9.8.2 pymdown-extensions==13.1.2 mdx_truly_sane_lists mdx-gh-links \
    mkdocs-macros-plugin mkdocs-redirects mkdocs-glightbox mkdocs-minify-plugin mkdocs-awesome-pages-plugin \
    mkdocs-awesome-nav mkdocs-section-index mkdocs-literate-nav mkdocs-include-markdown-plugin mkdocs-exclude \
    mkdocs-same-dir mkdocs-git-revision-date-localized-plugin
venv/bin/python tests/cases/odd-values.py > tests/cases/odd-values.json

The options are those that the packages themselves know. Each is given every odd value alone: for an extension
a page is converted, for the theme and `extra` a site is built, for all else the configuration is loaded. The
file holds the values that pass, by their number.
"""

import contextlib
import importlib
import io
import json
import logging
import os
import pathlib
import subprocess
import sys
import tempfile

import markdown
import yaml
from mkdocs import config as mkdocs_config
from mkdocs.commands import build
from mkdocs.config.base import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import get_plugins

VALUES = [
    "null", "true", "false", "0", "1", "-1", "7", "1.5", '""', "text", "pymdownx.inline", '"yes"', '"3"', "a b",
    "2020-01-02", "[]", "[a]", "[1]", "[null]", "[{a: b}]", "{}", "{a: b}", "{a: {b: c}}", "{1: 2}",
]

EXTENSIONS = """abbr admonition attr_list codehilite def_list fenced_code footnotes legacy_attrs legacy_em md_in_html
mdx_gh_links mdx_truly_sane_lists meta nl2br pymdownx.arithmatex pymdownx.betterem pymdownx.blocks.admonition
pymdownx.blocks.caption pymdownx.blocks.definition pymdownx.blocks.details pymdownx.blocks.html pymdownx.blocks.tab
pymdownx.caret pymdownx.critic pymdownx.details pymdownx.emoji pymdownx.escapeall pymdownx.fancylists
pymdownx.highlight pymdownx.inlinehilite pymdownx.keys pymdownx.magiclink pymdownx.mark pymdownx.progressbar
pymdownx.quotes pymdownx.saneheaders pymdownx.smartsymbols pymdownx.snippets pymdownx.superfences pymdownx.tabbed
pymdownx.tasklist pymdownx.tilde sane_lists smarty tables toc wikilinks""".split()

PLUGINS = """material/search material/tags material/meta material/offline redirects glightbox minify macros
awesome-pages awesome-nav section-index literate-nav include-markdown exclude same-dir
git-revision-date-localized""".split()

# What Material's templates read of `theme`, besides what MkDocs itself checks.
THEME = """language locale direction features palette font logo favicon icon static_templates custom_dir
palette.scheme palette.primary palette.accent palette.media palette.toggle font.text font.code icon.logo icon.repo
icon.admonition icon.tag""".split()
EXTRA = """alternate analytics annotate consent generator homepage polyfills scope social status tags version
analytics.provider analytics.property analytics.feedback version.provider version.default""".split()

PAGE = pathlib.Path(__file__).with_name("odd-values.md").read_text()


def quiet(run):
    """Whether it works; what it says is thrown away."""
    logging.disable(logging.CRITICAL)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            run()
            return True
        except (Exception, SystemExit):
            return False


def options_of(extension):
    made = markdown.Markdown(extensions=[extension]).registeredExtensions
    for found in made or []:
        if type(found).__module__.endswith(extension):
            return sorted(found.config)
    for found in markdown.util.get_installed_extensions():
        if found.name == extension:
            return sorted(found.load()().config)
    return sorted(importlib.import_module(extension).makeExtension().config)


def convert(extension, option, value):
    own = ["toc", "tables", "fenced_code"]
    extensions = list(dict.fromkeys([*own, "pymdownx.superfences", extension]))
    made = markdown.Markdown(extensions=extensions, extension_configs={extension: {option: value}})
    made.convert(PAGE)


def site(settings, builds=True):
    with tempfile.TemporaryDirectory() as folder:
        docs = pathlib.Path(folder, "docs")
        docs.mkdir()
        docs.joinpath("index.md").write_text(PAGE)
        docs.joinpath("a.md").write_text("---\ntags: [x]\n---\n# A\n")
        pathlib.Path(folder, "mkdocs.yml").write_text(settings)
        git = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        if builds and "git-revision" in settings:
            subprocess.run("git init -q && git add . && git -c user.name=a -c user.email=a@b.c commit -qm a",
                           shell=True, check=True, **git)
        config = mkdocs_config.load_config(os.path.join(folder, "mkdocs.yml"))
        if not builds:
            return
        config.plugins.on_startup(command="build", dirty=False)
        build.build(config)
        config.plugins.on_shutdown()


def nested(dotted, value):
    for name in reversed(dotted.split(".")):
        value = "{" + name + ": " + value + "}"
    return value


def accepted(run):
    return [n for n, value in enumerate(VALUES) if quiet(lambda: run(value))]


BASE = "site_name: x\nsite_url: https://e.x/\n"
MATERIAL = BASE + "theme: {name: material}\n"
found = {"values": VALUES, "extensions": {}, "plugins": {}, "theme": {}, "extra": {}, "mkdocs": {}}
wanted = sys.argv[1:] or ["extensions", "plugins", "theme", "extra", "mkdocs"]
if "extensions" in wanted:
    for extension in EXTENSIONS:
        row = found["extensions"][extension] = {}
        for option in options_of(extension):
            row[option] = accepted(lambda value: convert(extension, option, yaml.safe_load(value)))
if "plugins" in wanted:
    for plugin in PLUGINS:
        kind = get_plugins()[plugin].load()
        schema = kind.config_class._schema if hasattr(kind, "config_class") else kind.config_scheme
        row = found["plugins"][plugin] = {}
        for option, _ in schema:
            row[option] = accepted(
                lambda value: site(f"{MATERIAL}plugins: [{{{plugin}: {{{option}: {value}}}}}]\n", builds=False))
if "theme" in wanted:
    for option in THEME:
        row = found["theme"]
        row[option] = accepted(lambda value: site(f"{BASE}theme: {{name: material, {nested(option, value)[1:-1]}}}\n"))
if "extra" in wanted:
    for option in EXTRA:
        found["extra"][option] = accepted(lambda value: site(f"{MATERIAL}extra: {nested(option, value)}\n"))
if "mkdocs" in wanted:
    for option, _ in MkDocsConfig._schema:
        if option in ("config_file_path", "theme", "extra", "plugins", "hooks"):
            continue
        if option == "validation":
            for key in ["nav", "links", "omitted_files", "not_found", "absolute_links", "unrecognized_links", "anchors"]:
                found["mkdocs"][f"validation.{key}"] = accepted(
                    lambda value: site(f"{MATERIAL}validation: {{{key}: {value}}}\n", builds=False))
        base = MATERIAL.replace("site_name: x\n", "") if option == "site_name" else MATERIAL
        base = base.replace("site_url: https://e.x/\n", "") if option == "site_url" else base
        found["mkdocs"][option] = accepted(lambda value: site(f"{base}{option}: {value}\n", builds=False))
print("{")
parts = []
for part, rows in found.items():
    lines = [f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items()] if part != "values" else None
    parts.append(f' "{part}": ' + (json.dumps(rows) if lines is None else "{\n" + ",\n".join(lines) + "\n }"))
print(",\n".join(parts) + "\n}")
