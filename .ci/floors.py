"""Fails where a figure of the conformance run is below its floor.

    floors.py FIGURES.json

A floor is raised when a figure has risen for good, and never lowered without a word in the commit.
"""
import json
import sys

FLOORS = {
    "TOTAL corpora": {
        "urls": 99.9, "ids": 99.9, "links": 99.9, "text": 99.9, "blocks": 99.5, "pages": 92.0, "titles": 99.0,
        "order": 99.9, "toc": 99.9, "search": 99.0, "searchtext": 99.0,
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
