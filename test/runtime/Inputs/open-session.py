"""open-session.py LIBRARY MODULE DEVICE: prints which device a session of the runtime library has, or why it has none."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "numeric"))
from winnow_runtime import Failure, Runtime  # noqa: E402

runtime = Runtime(sys.argv[1])
module = runtime.load(sys.argv[2])
try:
    session = runtime.open(module, sys.argv[3])
    print("device:", runtime.library.wn_session_device(session.handle).decode())
except Failure as failure:
    sys.exit(f"error: {failure}")
