"""Compares fields of a JSON file: expect.py FILE PATH=VALUE..., where a path is names and indices between dots, and a
value is Python's; floats may differ by 1e-9 of their size."""

import ast
import json
import math
import sys


def find(value, path):
    for part in path.split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


with open(sys.argv[1]) as file:
    contents = json.load(file)
for expectation in sys.argv[2:]:
    path, text = expectation.split("=", 1)
    expected, found = ast.literal_eval(text), find(contents, path)
    same = math.isclose(found, expected, rel_tol=1e-9) if isinstance(expected, float) else found == expected
    if not same or (found is None) != (expected is None):
        sys.exit(f"{path} is {found!r}, expected {expected!r}")
