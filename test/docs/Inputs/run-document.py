"""Runs the console blocks of a Markdown page and compares what they print with what the page shows.

In a block, a line that begins with "$ " is a command; the lines up to the next one are its output. A line "..."
stands for any lines, "..." inside a line for any text, and "(exit status N)" at the end for a failure that the page
means to show. A block after the line "<!-- not run -->" is skipped; one after "<!-- file: NAME -->" is written to
that file. The commands run in one scratch folder, in which `examples` is the repository's and `winnow` an
installation, if there is one.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"(?:<!-- (?P<note>[^\n]*?) -->\n)?```(?P<language>\w*)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)
STATUS = re.compile(r"\(exit status (\d+)\)")


def commands(body):
    """Pairs of a command and the lines it should print. A command goes on after a backslash at a line's end."""
    found = []
    continued = False
    for line in body.splitlines():
        if continued:
            found[-1][0] += "\n" + line
        elif line.startswith("$ "):
            found.append([line[2:], []])
        elif found:
            found[-1][1].append(line)
        else:
            raise ValueError(f"a console block begins with output: {line!r}")
        continued = (continued or line.startswith("$ ")) and line.endswith("\\")
    return found


def pattern(lines):
    """A regular expression for the whole output."""
    parts = []
    for line in lines:
        if line == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append("[^\n]*?".join(re.escape(piece) for piece in line.rstrip().split("...")) + r"[ \t]*\n")
    return re.compile("".join(parts))


def run(command, lines, folder):
    """Whether the command printed the lines and exited as they say."""
    expected_status = 0
    if lines and (status := STATUS.fullmatch(lines[-1])):
        expected_status = int(status.group(1))
        lines = lines[:-1]
    # The page's python3 is this one, which has numpy.
    environment = {**os.environ, "PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"}
    result = subprocess.run(command, shell=True, executable="/bin/bash", cwd=folder, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, timeout=600, env=environment)
    output = result.stdout + ("" if result.stdout.endswith("\n") or not result.stdout else "\n")
    if result.returncode == expected_status and pattern(lines).fullmatch(output):
        return True
    print(f"$ {command}\nexit status {result.returncode}, expected {expected_status}; it printed:\n{output}"
          "but the page says:\n" + "".join(line + "\n" for line in lines))
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("--source", type=pathlib.Path, required=True, help="the repository")
    parser.add_argument("--installation", type=pathlib.Path)
    options = parser.parse_args()
    count = failures = 0
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "examples").symlink_to(options.source / "examples")
        if options.installation:
            pathlib.Path(folder, "winnow").symlink_to(options.installation.resolve())
        for block in BLOCK.finditer(options.page.read_text()):
            note = block["note"] or ""
            if note.startswith("file: "):
                pathlib.Path(folder, note.removeprefix("file: ")).write_text(block["body"])
            elif block["language"] == "console" and note != "not run":
                for command, lines in commands(block["body"]):
                    count += 1
                    failures += not run(command, lines, folder)
    print(f"{count} commands, {failures} failed")
    return 1 if failures or not count else 0


if __name__ == "__main__":
    sys.exit(main())
