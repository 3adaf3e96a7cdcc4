# One lit suite for everything: MLIR FileCheck tests, tools, unit tests, numeric scripts.
import os
import shutil
import subprocess

import lit.formats

config.name = "winnow"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "unit", "CMakeLists.txt", "lit.cfg.py"]
config.test_source_root = os.path.join(config.winnow_source_dir, "test")
config.test_exec_root = os.path.join(config.winnow_binary_dir, "test")

# The tests' Python packages are in .venv (test/requirements.txt).
environment = os.path.join(config.winnow_source_dir, ".venv", "bin", "python")
config.python = environment if os.path.exists(environment) else config.python

# A build without the compiler tests the runtime and its tools.
if config.has_compiler:
    config.available_features.add("compiler")
else:
    config.excludes += ["conformance", "dialects", "docs", "examples", "fuzz", "import", "numeric", "passes", "target",
                        "winnow-compile", "winnow-opt"]

tools = [os.path.join(config.winnow_binary_dir, folder) for folder in ("bin", "examples/assistant", "examples/sentences")]
tools.append(config.llvm_tools_dir)
config.environment["PATH"] = os.pathsep.join(tools + [config.environment.get("PATH", os.environ["PATH"])])
config.environment["PYTHONDONTWRITEBYTECODE"] = "1"
# Tests mean the host by "auto", also where there is a GPU.
config.environment["WINNOW_CUDA_DRIVER"] = "none"
if config.sanitized:
    # A user's program links the sanitizers' runtime of the compiler that built the library.
    config.environment.update(config.compilers)
    # LLVM's headers poison what a bump allocator has not given out yet; in libMLIR, which is not instrumented, nobody
    # takes the poison away again.
    config.environment["ASAN_OPTIONS"] = "allow_user_poisoning=0"
    config.available_features.add("sanitized")
config.substitutions += [
    ("%winnow-opt", "winnow-opt --verify-each"),
    ("%python", config.python),
    ("%source", config.winnow_source_dir),
    ("%binary", config.winnow_binary_dir),
    ("%cxx", config.compilers["CXX"]),
    ("%cc", config.compilers["CC"]),
]

# The model of examples/sentences, where the build found it.
model = os.path.join(config.winnow_binary_dir, "examples", "sentences", "model.safetensors")
if os.path.exists(model):
    config.available_features.add("sentences-model")
    config.substitutions.append(("%sentences-model", os.path.dirname(os.path.realpath(model))))

# NVIDIA's assembler, when it is installed, checks every kernel.
if shutil.which("ptxas", path=config.environment["PATH"]):
    config.available_features.add("ptxas")

# PyTorch, whose exporters some tests take models from (test/conformance/requirements.txt).
search = "import sys, importlib.util; sys.exit(not all(map(importlib.util.find_spec, ['torch', 'onnxscript'])))"
if subprocess.run([config.python, "-c", search]).returncode == 0:
    config.available_features.add("torch")
