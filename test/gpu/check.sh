#!/usr/bin/env bash
# Checks winnow on this machine's GPU with what scripts/gpu-bundle packed beside this file: every instruction against
# the PTX simulator, and every numeric test's module against numpy and the reference. Results are written to results/.
set -uo pipefail
cd "$(dirname "$0")" || exit 1
export LD_LIBRARY_PATH="$PWD/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export PYTHONPATH="$PWD/python${PYTHONPATH:+:$PYTHONPATH}" PYTHONDONTWRITEBYTECODE=1
mkdir -p results

# Every group is tried; the status is 1 if any of them failed, in whatever way.
numeric_tests() {
  local module status=0
  for module in modules/*.wnm; do
    python3 numeric/run.py --group="$(basename "$module" .wnm)" --modules=modules \
      --library=lib/libwinnow_runtime.so --devices=reference,cuda || status=1
  done
  return $status
}

nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null | tee results/gpu.txt
failed=0

echo "-- Instructions"
bin/compare-gpu --output=results/instructions.json | tee results/instructions.txt || failed=1

echo "-- Numeric tests"
if python3 -c 'import numpy, ml_dtypes'; then
  numeric_tests 2>&1 | tee results/numeric.txt || failed=1
else
  echo "skipped: python3 of this machine has no numpy and ml_dtypes" | tee results/numeric.txt
  failed=1
fi
exit $failed
