"""Fails where a figure of the conformance run is below its floor.

    floors.py FIGURES.json

A floor is raised when a figure has risen for good, and never lowered without a word in the commit.
"""
import json
import sys

FLOORS = {
    "TOTAL corpora": {
        "urls": 100.0, "ids": 100.0, "links": 100.0, "text": 100.0, "blocks": 100.0, "pages": 100.0, "titles": 100.0,
        "order": 100.0, "toc": 100.0, "search": 100.0, "searchtext": 100.0,
    },
    "TOTAL dialect": {
        "urls": 100.0, "ids": 100.0, "links": 100.0, "text": 100.0, "blocks": 100.0, "pages": 100.0, "titles": 100.0,
        "order": 100.0, "toc": 100.0, "search": 100.0, "searchtext": 100.0,
    },
}

figures = json.load(open(sys.argv[1], encoding="utf-8"))
below = []
for name, floors in FLOORS.items():
    for key, floor in floors.items():
        figure = figures[name][key]
        share = 100 * figure["hit"] / figure["of"] if figure["of"] else 100.0
        if share < floor:
            below.append(f"{name}: {key} is {share:.2f} %, below its floor of {floor} %")
print("\n".join(below) or "every figure is at or above its floor")
sys.exit(bool(below))
