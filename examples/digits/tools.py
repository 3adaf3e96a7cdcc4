"""Runs winnow's commands for the demo, and reads what they report."""

import json
import subprocess
import time

import numpy as np


class ToolError(Exception):
    pass


def call(command):
    """Runs a command; returns its standard output and its wall time in seconds."""
    begin = time.perf_counter()
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    elapsed = time.perf_counter() - begin
    if result.returncode != 0:
        raise ToolError(f"{' '.join(map(str, command))}\nexit status {result.returncode}\n{result.stderr}")
    return result.stdout, elapsed


class Module:
    """A compiled model, and the commands to compile and run it."""

    def __init__(self, tools, folder, model):
        self.tools = tools
        self.folder = folder
        self.model = model
        self.path = folder / f"{model.stem}.wnm"

    def compile(self, *options):
        """Seconds that winnow-compile took."""
        return call([self.tools / "winnow-compile", self.model, "-o", self.path, *options])[1]

    def run(self, images, device="auto", repeat=1, threads=0):
        """The logits and winnow-run's report, with the process's wall time added to it."""
        inputs = self.folder / f"input-{len(images)}.npy"
        if not inputs.exists():
            np.save(inputs, images)
        logits = self.folder / f"{self.model.stem}-{device}.npy"
        command = [self.tools / "winnow-run", self.path, f"--input=image=@{inputs}", f"--output=logits=@{logits}",
                   f"--device={device}", f"--repeat={repeat}", "--json"]
        if threads:
            command.append(f"--threads={threads}")
        output, elapsed = call(command)
        report = json.loads(output)
        report["process_seconds"] = elapsed
        return np.load(logits), report
