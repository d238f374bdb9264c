"""Records what MkDocs and its plugins make of the cases beside this file.

Usage: record.py MKDOCS [CASE...]

Each case is a folder with a `mkdocs.yml` and a `docs` folder. Its `expected.json` gets the
navigation, the routes of all pages, and the files that `record:` in the configuration's `extra`
lists. The versions that the committed expectations come from are in `versions.txt`.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

HOOK = '''
import json, os

state = {"nav": [], "pages": {}}


def on_page_context(context, page, config, nav):
    def walk(items, depth):
        for item in items:
            url = None if item.is_section and not item.is_page else (item.url if item.is_page else item.url)
            kind = "section" if item.is_section else "link" if item.is_link else "page"
            state["nav"].append([depth, kind, item.title, url])
            if item.children:
                walk(item.children, depth + 1)

    state["nav"].clear()
    walk(nav.items, 0)
    state["pages"][page.file.src_uri] = {
        "url": page.url,
        "title": page.title,
        "prev": page.previous_page.file.src_uri if page.previous_page else None,
        "next": page.next_page.file.src_uri if page.next_page else None,
        "home": page.is_homepage,
        "parents": [parent.title for parent in page.ancestors],
        "meta": {key: value for key, value in page.meta.items() if not key.startswith("__")},
        "tags": [[tag.name, tag.url] for tag in context.get("tags", [])],
    }
    return context


def on_post_build(config):
    with open(os.environ["RECORD"], "w") as file:
        json.dump(state, file, default=str)
'''


def record(mkdocs, case):
    config = (case / "mkdocs.yml").read_text()
    with tempfile.TemporaryDirectory() as temporary:
        temporary = pathlib.Path(temporary)
        (temporary / "hook.py").write_text(HOOK)
        child = temporary / "mkdocs.yml"
        child.write_text(config + f"\nhooks: [{temporary}/hook.py]\n")
        (temporary / "docs").symlink_to((case / "docs").resolve())
        state = temporary / "state.json"
        run = subprocess.run(
            [mkdocs, "build", "-f", child, "-d", temporary / "site"],
            env={**os.environ, "RECORD": str(state)},
            capture_output=True,
            text=True,
        )
        if not state.exists():
            print(case.name, run.stderr)
            return
        out = json.loads(state.read_text())
        log = [line for line in run.stderr.splitlines() if line.startswith("WARNING")]
        out["warnings"] = [line for line in log if "Material" not in line and "properdocs" not in line.lower()]
        names = [line[len("# record: ") :] for line in config.splitlines() if line.startswith("# record: ")]
        out["files"] = {}
        for name in names:
            path = temporary / "site" / name
            out["files"][name] = path.read_text() if path.exists() else None
    (case / "expected.json").write_text(json.dumps(out, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


if __name__ == "__main__":
    here = pathlib.Path(__file__).parent
    wanted = sys.argv[2:] or sorted(path.name for path in here.iterdir() if path.is_dir())
    for name in wanted:
        record(sys.argv[1], here / name)
