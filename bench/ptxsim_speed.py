#!/usr/bin/env python3
"""Prints how many thread-instructions per second the PTX simulator executes on one core, and with which checks.

One kernel for each kind of work: FP32 arithmetic, integer and address arithmetic, coalesced and strided memory, shared
memory with barriers, divergent branches, and products through mma.sync, for which multiply-adds are printed, too.
Seconds are those of the processor, so that other work on the machine counts little; the start of the tool is in them.
--threads compares one thread with two, by the wall, and two threads with two processes, which is all that the machine
has to give. --minimum adds the least of each figure, and --require=none:500,all:100,mma:4,threads:1.8,share:0.9 makes
it an error when one is lower: M thread-instructions/s of the slowest kernel for each value of --check,
G multiply-adds/s, the gain by the second thread, and that gain over the one of two processes.
Build the preset release first: the figures of others mean nothing.
"""

import argparse
import concurrent.futures
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile

import numpy as np

BLOCKS, MANY_BLOCKS, THREADS = 64, 512, 256

HEADER = """.version 8.5
.target sm_80
.address_size 64
.visible .entry k(.param .u64 x, .param .u32 rounds)
{
  .reg .b32 %r<16>, %n, %i, %s;
  .reg .f32 %f<16>;
  .reg .b64 %rd<8>;
  .reg .pred %p<4>;
  .shared .align 16 .b8 tile[4096];
  ld.param.u32 %n, [rounds];
  ld.param.u64 %rd0, [x];
  mov.u32 %r0, %tid.x;
  mov.u32 %r1, %ctaid.x;
  mad.lo.s32 %r2, %r1, 256, %r0;
  mul.wide.u32 %rd1, %r2, 4;
  add.s64 %rd1, %rd0, %rd1;
  mov.u32 %s, tile;
  mad.lo.u32 %s, %r0, 4, %s;
  mov.u32 %i, 0;
LOOP:
"""
FOOTER = """
  add.u32 %i, %i, 1;
  setp.lt.u32 %p0, %i, %n;
  @%p0 bra LOOP;
  ret;
}
"""

# The body of each kernel's loop, how often it is repeated in it, and the rounds that take about a second.
KERNELS = {
    "fp32": ("""
  fma.rn.f32 %f0, %f1, %f2, %f0;
  add.rn.f32 %f3, %f0, %f4;
  mul.rn.f32 %f5, %f3, %f0;
  fma.rn.f32 %f6, %f5, %f0, %f3;""", 4, 400),
    "integer": ("""
  mad.lo.s32 %r4, %r2, 5, %r4;
  xor.b32 %r5, %r4, %r2;
  shr.u32 %r6, %r5, 3;
  mul.wide.u32 %rd2, %r6, 4;
  add.s64 %rd3, %rd2, %rd0;""", 4, 300),
    "coalesced": ("""
  ld.global.u32 %r4, [%rd1];
  add.u32 %r4, %r4, %i;
  st.global.u32 [%rd1], %r4;""", 4, 300),
    "strided": ("""
  mad.lo.u32 %r5, %r2, 37, %i;
  and.b32 %r5, %r5, 16383;
  mul.wide.u32 %rd2, %r5, 4;
  add.s64 %rd2, %rd0, %rd2;
  ld.global.u32 %r4, [%rd2];
  add.u32 %r6, %r6, %r4;""", 4, 200),
    "shared": ("""
  st.shared.u32 [%s], %r4;
  bar.sync 0;
  xor.b32 %r5, %s, 128;
  ld.shared.u32 %r6, [%r5];
  add.u32 %r4, %r4, %r6;
  bar.sync 0;""", 2, 300),
    "divergent": ("""
  add.u32 %r5, %r0, %i;
  and.b32 %r5, %r5, 3;
  setp.eq.u32 %p1, %r5, 0;
  @%p1 bra ZERO;
  add.u32 %r4, %r4, %r5;
  mul.lo.u32 %r4, %r4, 3;
  bra JOIN;
ZERO:
  sub.u32 %r4, %r4, 7;
  xor.b32 %r4, %r4, %i;
JOIN:""", 1, 800),
    "mma": ("""
  mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32
    {%f0, %f1, %f2, %f3}, {%r4, %r5, %r6, %r7}, {%r8, %r9}, {%f0, %f1, %f2, %f3};""", 4, 150),
}


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def launch(tool, folder, name, checks, threads=1, blocks=BLOCKS):
    """Runs a kernel; the statistics that the tool wrote, with the processor's seconds."""
    body, repetitions, rounds = KERNELS[name]
    with open(os.path.join(folder, "k.ptx"), "w") as file:
        file.write(HEADER + body * repetitions + FOOTER)
    np.save(os.path.join(folder, "x.npy"), np.zeros(blocks * THREADS, np.uint32))
    stats = os.path.join(folder, "stats.json")
    command = [tool, os.path.join(folder, "k.ptx"), f"--grid={blocks}", f"--block={THREADS}", f"--threads={threads}"]
    arguments = [f"--arg=in:@{folder}/x.npy", f"--arg=u32:{rounds}"]
    before = processor_seconds()
    subprocess.run(command + arguments + [f"--check={checks}", f"--stats={stats}", "--counts-only"], check=True)
    seconds = processor_seconds() - before
    with open(stats) as file:
        return json.load(file) | {"processor_seconds": seconds}


def measure_checks(options, folder, checks, least):
    """One line for each kernel; what --require compares goes into `least`."""
    for name in options.kernels:
        runs = [launch(options.tool, folder, name, checks) for _ in range(options.repeat)]
        best = min(runs, key=lambda run: run["processor_seconds"])
        instructions = best["lane_instructions"] / best["processor_seconds"] / 1e6
        products = best["tensor_multiply_adds"] / best["processor_seconds"] / 1e9
        print(f"{name:<10} {checks:<8} {instructions:>24.0f} {f'{products:.2f}' if products else '':>18}", flush=True)
        if not products:
            least.setdefault(checks, []).append((instructions, name))
        elif checks == "none":
            least["mma"] = [(products, name)]


def measure_threads(options, folder, least):
    """The gain by a second thread with many blocks, beside what the machine has to give: the gain of two processes with
    one thread each, which share nothing. Where two cores are the two threads of one, or a neighbour uses them, both are
    below 2 alike. Runs alternate, and a figure is the median over rounds, so that other work disturbs all of them
    alike."""
    print(f"\n{'kernel':<10} {'1 thread: s':>12} {'2 threads: s':>13} {'gain':>6} {'2 processes':>12} {'share':>6}")
    for name in options.kernels:
        rounds = [measure_threads_once(options.tool, folder, name) for _ in range(options.rounds)]
        one, two = (statistics.median(column) for column in list(zip(*rounds))[:2])
        gain = statistics.median(one / two for one, two, _ in rounds)
        possible = statistics.median(2 * one / both for one, _, both in rounds)
        share = statistics.median(both / (2 * two) for _, two, both in rounds)
        print(f"{name:<10} {one:>12.3f} {two:>13.3f} {gain:>6.2f} {possible:>12.2f} {share:>6.2f}", flush=True)
        least.setdefault("threads", []).append((gain, name))
        least.setdefault("share", []).append((share, name))


def measure_threads_once(tool, folder, name):
    """Seconds by the wall with one thread, with two, and of two processes that do the work of one thread each."""
    one = launch(tool, folder, name, "none", 1, MANY_BLOCKS)["seconds"]
    two = launch(tool, folder, name, "none", 2, MANY_BLOCKS)["seconds"]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        folders = [os.path.join(folder, side) for side in ("left", "right")]
        for side in folders:
            os.makedirs(side, exist_ok=True)
        both = pool.map(lambda side: launch(tool, side, name, "none", 1, MANY_BLOCKS)["seconds"], folders)
        return one, two, max(both)


UNITS = {"mma": "G multiply-adds/s", "threads": "times as fast with two threads",
         "share": "of what two processes gain"}


def unit(name):
    return UNITS.get(name, "M thread-instructions/s")


def parse_requirements(text):
    """The numbers of a text like "none:500,mma:4"."""
    requirements = {}
    for requirement in text.split(","):
        name, _, value = requirement.partition(":")
        try:
            requirements[name] = float(value)
        except ValueError:
            raise argparse.ArgumentTypeError(f"'{requirement}' is not a name, a colon and a number") from None
    return requirements


def unmet(requirements, least):
    """What is below its requirement, or was not measured."""
    for name, required in requirements.items():
        if name not in least:
            yield f"{name} was not measured, but {required:g} {unit(name)} are required"
        elif min(least[name])[0] < required:
            value, kernel = min(least[name])
            yield f"{name} is {value:.2f} {unit(name)} ({kernel}), but must be at least {required:g}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("--tool", default=os.path.join(root, "build", "release", "bin", "winnow-ptxsim"))
    parser.add_argument("--checks", nargs="*", default=["none", "all"],
                        help="what to give to --check, one run for each")
    parser.add_argument("--repeat", type=int, default=3, help="the best of so many runs counts")
    parser.add_argument("--rounds", type=int, default=7, help="the median of so many rounds counts for --threads")
    parser.add_argument("--kernels", nargs="*", default=list(KERNELS), choices=list(KERNELS))
    parser.add_argument("--threads", action="store_true", help="compare one thread with two")
    parser.add_argument("--minimum", action="store_true", help="print the least of each figure, too")
    parser.add_argument("--require", type=parse_requirements, default={}, metavar="NAME:VALUE,...",
                        help="exit with 1 when a figure is lower")
    options = parser.parse_args()
    least = {}
    print(f"{'kernel':<10} {'checks':<8} {'M thread-instructions/s':>24} {'G multiply-adds/s':>18}")
    with tempfile.TemporaryDirectory() as folder:
        for checks in options.checks:
            measure_checks(options, folder, checks, least)
        if options.threads:
            measure_threads(options, folder, least)
    for name, figures in least.items() if options.minimum else ():
        value, kernel = min(figures)
        print(f"minimum {name}: {value:.{0 if name in options.checks else 2}f} "
              f"{unit(name)} ({kernel})")
    failures = list(unmet(options.require, least))
    for failure in failures:
        print(f"ptxsim_speed: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
