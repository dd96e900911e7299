"""A fork server: imports the command line once, then runs each command in a child with faults.

Reads a JSON object a line: argv, folder, and, for a fault, what, number, call, log. Answers with
the exit code and the number of calls that change files. Started as a script.
"""

from __future__ import annotations

import ctypes
import gc
import io
import json
import mmap
import os
import signal
import struct
import sys
import time
import traceback
from contextlib import redirect_stderr, redirect_stdout

import segmenter.cli
import segmenter.cli.demo
from segmenter.report import vega

LIMIT = 120

SMALL_PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d494844520000000100000001080000000"
    "03a7e9b550000000a49444154789c6360000000020001"
    "e221bc330000000049454e44ae426082"
)

shim = ctypes.CDLL(os.environ["LD_PRELOAD"])
shim.faults_arm.argtypes = [
    ctypes.c_char_p, ctypes.c_int, ctypes.c_int, ctypes.c_long, ctypes.c_char_p
]  # fmt: skip
shim.faults_calls.restype = ctypes.c_long

# what is drawn and loaded does not matter here, and takes long
vega.picture = lambda *_: SMALL_PICTURE
segmenter.cli.demo._SALES = sys.argv[1]

calls = mmap.mmap(-1, 8)


def child(job):
    gc.disable()
    os.chdir(job["folder"])
    for number, name in ((1, "out"), (2, "err")):
        file = os.open(job[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(file, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), encoding="utf-8")
    sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), encoding="utf-8")
    sys.argv = ["segmenter", *job["argv"]]
    shim.faults_arm(
        (job["folder"] + "/").encode(),
        job.get("what", 1),
        job.get("number", 0),
        job.get("call", 0),
        job.get("log", "").encode(),
    )
    code = 0
    try:
        segmenter.cli.main()
    except SystemExit as stop:
        code = stop.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    calls[:8] = struct.pack("q", shim.faults_calls())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def here(job):
    """Run a command in this process, which then has all loaded that its children need."""
    os.chdir(job["folder"])
    sys.argv = ["segmenter", *job["argv"]]
    with (
        open(job["out"], "w") as out,
        open(job["err"], "w") as err,
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            segmenter.cli.main()
        except SystemExit as stop:
            return stop.code or 0
    return 0


print("ready", flush=True)
for line in sys.stdin:
    job = json.loads(line)
    if job.get("here"):
        print(json.dumps({"code": here(job)}), flush=True)
        gc.collect()
        gc.freeze()
        continue
    calls[:8] = struct.pack("q", -1)
    pid = os.fork()
    if pid == 0:
        try:
            child(job)
        finally:
            os._exit(99)
    deadline = time.monotonic() + LIMIT
    done, status = os.waitpid(pid, os.WNOHANG)
    while not done:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            status = 98 << 8  # it hung
            break
        time.sleep(0.002)
        done, status = os.waitpid(pid, os.WNOHANG)
    answer = {"code": os.waitstatus_to_exitcode(status), "calls": struct.unpack("q", calls[:8])[0]}
    print(json.dumps(answer), flush=True)
