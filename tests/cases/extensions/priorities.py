#!/usr/bin/env python3
"""Records what each Markdown extension registers with Python-Markdown, and with which priority.

  priorities.py > priorities.tsv

Each line is: the extension (`-` for Python-Markdown itself), the registry, the name, the priority.
A line of an extension is one that is new with it, or whose processor became another one; a removed
one has the priority `-`. Each option that lets an extension register more is on (OPTIONS).

Needs: pip install markdown==3.11.3 pymdown-extensions==13.1 mdx_truly_sane_lists==1.3 \
           markdown-include==0.8.1 mdx_gh_links==0.4 markdown-captions==2.1.2 \
           mdx-breakless-lists==1.0.1 pygments
"""
import logging
import sys

import markdown

logging.disable(logging.CRITICAL)

EXTENSIONS = """abbr admonition attr_list codehilite def_list fenced_code footnotes legacy_attrs legacy_em
markdown_captions markdown_include.include md_in_html mdx_breakless_lists mdx_gh_links mdx_truly_sane_lists meta nl2br pymdownx.arithmatex
pymdownx.betterem pymdownx.blocks.admonition pymdownx.blocks.caption pymdownx.blocks.definition
pymdownx.blocks.details pymdownx.blocks.html pymdownx.blocks.tab pymdownx.bracketspan pymdownx.caret
pymdownx.critic pymdownx.details pymdownx.emoji pymdownx.escapeall pymdownx.fancylists pymdownx.highlight
pymdownx.inlinehilite pymdownx.keys pymdownx.magiclink pymdownx.mark pymdownx.progressbar pymdownx.quotes
pymdownx.saneheaders pymdownx.smartsymbols pymdownx.snippets pymdownx.superfences pymdownx.tabbed
pymdownx.tasklist pymdownx.tilde sane_lists smarty tables toc wikilinks""".split()

OPTIONS = {
    "mdx_gh_links": {"user": "u", "repo": "r"},
    "pymdownx.escapeall": {"hardbreak": True},
    "pymdownx.magiclink": {
        "repo_url_shorthand": True,
        "social_url_shorthand": True,
        "repo_url_shortener": True,
        "social_url_shortener": True,
        "user": "u",
        "repo": "r",
    },
    "pymdownx.quotes": {"callouts": True},
    "pymdownx.tabbed": {"slugify": lambda text, separator: text},
    "pymdownx.blocks.tab": {"slugify": lambda text, separator: text},
    "pymdownx.superfences": {"preserve_tabs": True},
    "smarty": {"smart_angled_quotes": True},
}

# What works only beside another extension.
BESIDE = {
    "pymdownx.bracketspan": ["attr_list"],
    "pymdownx.blocks.tab": [],
}


def registries(md):
    pairs = [
        ("preprocessors", md.preprocessors),
        ("blockprocessors", md.parser.blockprocessors),
        ("inlinePatterns", md.inlinePatterns),
        ("treeprocessors", md.treeprocessors),
        ("postprocessors", md.postprocessors),
    ]
    found = {}
    for name, registry in pairs:
        registry._sort()
        for entry in registry._priority:
            found[name, entry.name] = (entry.priority, registry[entry.name])
    return found


def kind(processor):
    rules = getattr(processor, "pattern", None)
    return type(processor), rules, type(getattr(processor, "inlinePatterns", None))


def load(names):
    names = list(names)
    md = markdown.Markdown(extensions=names, extension_configs={n: OPTIONS[n] for n in names if n in OPTIONS})
    md.reset()
    return registries(md)


def main():
    bare = load([])
    for (registry, name), (priority, _) in bare.items():
        print("-", registry, name, f"{priority:g}", sep="\t")
    for extension in EXTENSIONS:
        beside = BESIDE.get(extension, [])
        before, after = load(beside), load([*beside, extension])
        for (registry, name), (priority, processor) in after.items():
            old = before.get((registry, name))
            if old is None or old[0] != priority or kind(old[1]) != kind(processor):
                print(extension, registry, name, f"{priority:g}", sep="\t")
        for registry, name in before:
            if (registry, name) not in after:
                print(extension, registry, name, "-", sep="\t")


sys.exit(main())
