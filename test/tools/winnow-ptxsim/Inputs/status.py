"""status.py STATUS COMMAND...: runs a command, prints what it writes to standard error, and wants the exit status STATUS."""

import subprocess
import sys

run = subprocess.run(sys.argv[2:], stderr=subprocess.PIPE, text=True)
print(run.stderr, end="")
sys.exit(run.returncode != int(sys.argv[1]))
