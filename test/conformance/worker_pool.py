# Runs pieces of work in processes of their own, some at a time, so that one that crashes or hangs is a result like
# any other.
import gc
import multiprocessing
import os
import resource
import signal
import time
from multiprocessing import connection
from dataclasses import dataclass

# Processes are limited in the time that they have a processor, which does not depend on what else the machine does, and
# because of those that only wait, to so many times that in time.
WAITING = 20

PROCESSES = multiprocessing.get_context("fork")  # the work is in this process' memory already


@dataclass
class Job:
    index: int
    process: object
    messages: object
    deadline: float
    stage: str = "its start"


class Broken(Exception):
    """A piece of work that ended without a result."""


def describe_end(code):
    """How a process ended, by its exit code as Python has it."""
    if code == -signal.SIGXCPU:
        return "hangs: it took all the time that it may take"
    return f"crashed: signal {signal.Signals(-code).name}" if code < 0 else f"crashed: status {code}"


def run_child(work, index, sender, seconds):
    os.setpgid(0, 0)  # what hangs is ended together with what it started
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    result = work(index, lambda stage: sender.send(("stage", stage)))
    sender.send(("result", result))


def start(work, index, seconds):
    receiver, sender = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=run_child, args=(work, index, sender, seconds))
    process.start()
    sender.close()
    return Job(index, process, receiver, time.monotonic() + WAITING * seconds)


def end(job):
    """Ends what is left of a job's processes."""
    try:
        os.killpg(job.process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # not its own group yet, or gone
    job.process.kill()
    job.process.join()


def receive(job):
    """A job's result if it has one; raises Broken if it will never have one."""
    try:
        kind, content = job.messages.recv()
    except EOFError:
        job.process.join()
        raise Broken(f"{job.stage}: {describe_end(job.process.exitcode)}") from None
    if kind == "result":
        return content
    job.stage = content
    return None


def run_all(count, work, workers, seconds, done):
    """Calls work(index, tell) for 0 <= index < count in a process of its own, which may have a processor for so many
    seconds, and done(index, result or Broken) as each ends, in any order. `tell` takes what the work is at, for the
    message if it breaks."""
    gc.collect()
    gc.freeze()  # keeps the processes from copying what they only read
    waiting, jobs = iter(range(count)), []
    while True:
        while len(jobs) < workers and (index := next(waiting, None)) is not None:
            jobs.append(start(work, index, seconds))
        if not jobs:
            return
        ready = connection.wait([job.messages for job in jobs], timeout=1)
        for job in list(jobs):
            result = None
            try:
                if job.messages in ready:
                    result = receive(job)
                elif time.monotonic() > job.deadline:
                    raise Broken(f"{job.stage}: hangs: it waits")
            except Broken as problem:
                result = problem
            if result is not None:
                end(job)
                jobs.remove(job)
                done(job.index, result)
