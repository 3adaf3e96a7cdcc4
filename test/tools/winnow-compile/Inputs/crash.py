"""Makes winnow-compile crash after the import: sends it SIGSEGV while it waits for a reader of its long --dump-after.
Usage: crash.py MODEL OPTIONS...; prints what it says and its exit status."""
import os
import signal
import subprocess
import sys

command = ["winnow-compile", sys.argv[1], "--dump-after=import", *sys.argv[2:]]
process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
os.read(process.stdout.fileno(), 1)
process.send_signal(signal.SIGSEGV)
print(process.stderr.read(), end="")
print("exit status", process.wait())
