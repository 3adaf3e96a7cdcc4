#!/usr/bin/env python3
# Compiles models wrongly, each in its way, so that onnx_tests.py has something to find.
import os
import signal
import subprocess
import sys

import onnx

model = onnx.load(sys.argv[1])
operator = model.graph.node[0].op_type
if operator == "Abs":
    os.kill(os.getpid(), signal.SIGSEGV)
if operator == "Acos":
    while True:
        pass
if operator == "Asin":
    sys.exit("'linalg.generic' op expected more")
if operator == "Cos":
    sys.exit(f"{sys.argv[1]}: error: 'linalg.generic' op of node 'y' expected more")
if operator == "Exp":
    sys.exit(f"{sys.argv[1]}: node 'y' (Exp): error: node 'y' (Exp, opset 13): the operator is not supported")
if operator == "Ceil":
    model.graph.node[0].op_type = "Floor"
onnx.save(model, sys.argv[1])
sys.exit(subprocess.run(["winnow-compile", *sys.argv[1:]]).returncode)
