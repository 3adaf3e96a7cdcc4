"""Checks that what the reference is generated from has summaries and descriptions: ODS records as JSON."""

import json
import pathlib
import subprocess
import sys

DIALECTS = ("winnow", "plan", "tile")
DESCRIBED = ("Op", "TypeDef", "AttrDef", "PassBase")


def records(source, tablegen, path):
    includes = subprocess.run(["llvm-config", "--includedir"], capture_output=True, text=True, check=True).stdout.strip()
    command = [tablegen, "--dump-json", f"-I{source}", f"-I{includes}", str(path)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def belongs(record):
    """Whether the record is of a dialect of winnow, and not upstream's: passes are included one file at a time."""
    dialect = record.get("opDialect") or record.get("dialect")
    return "PassBase" in record["!superclasses"] or (dialect and dialect["def"].split("_")[0].lower() in DIALECTS)


def complaints(name, record):
    for field in ("summary", "description"):
        if not (record.get(field) or "").strip():
            yield f"{name} has no {field}"


def main(source, tablegen):
    source = pathlib.Path(source)
    files = sorted(source.glob("dialects/*/*Ops.td")) + sorted(source.glob("passes/*/Passes.td"))
    seen, problems = set(), []
    for path in files:
        dump = records(source, tablegen, path)
        for kind in DESCRIBED:
            for name in dump["!instanceof"].get(kind, ()):
                record = dump[name]
                if name not in seen and belongs(record):
                    seen.add(name)
                    problems += complaints(name, record)
        for name in dump["!instanceof"].get("PassBase", ()):
            for member in dump[name]["options"]:
                if not dump[member["def"]]["description"].strip():
                    problems.append(f"{name}: {dump[member['def']]['CppName']} has no description")
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(seen)} definitions are described")
    return 1 if problems or not seen else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
