"""Writes the options of every command of MkDocs as JSON, for tests/commands.rs.

python3 -m venv venv && venv/bin/pip install mkdocs==1.6.1
venv/bin/python tests/cases/mkdocs-options.py > tests/cases/mkdocs-options.json
"""

import importlib.metadata
import json
import sys

import click
from mkdocs.__main__ import cli


def options(command):
    """All options, the hidden ones too: MkDocs accepts `--livereload` without showing it."""
    found = []
    for option in command.params:
        if isinstance(option, click.Option):
            takes_value = not option.is_flag and not option.count
            names = sorted({*option.opts, *option.secondary_opts})
            found.append({"names": names, "takes_value": takes_value})
    found.append({"names": ["--help", "-h"], "takes_value": False})
    return sorted(found, key=lambda option: option["names"])


commands = {"": options(cli)}
for name, command in sorted(cli.commands.items()):
    commands[name] = options(command)
json.dump({"mkdocs": importlib.metadata.version("mkdocs"), "commands": commands}, sys.stdout, indent=1)
print()
