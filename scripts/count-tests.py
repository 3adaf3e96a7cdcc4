"""Prints the last line of scripts/test from lit's results, and fails if a test failed or none ran."""

import collections
import json
import os
import sys

PASSED = {"PASS", "XFAIL", "FLAKYPASS"}
NOT_RUN = {"UNSUPPORTED", "SKIPPED", "EXCLUDED"}


def main(path):
    tests = []
    if os.path.exists(path):  # lit writes nothing when no test matched
        with open(path) as file:
            tests = json.load(file)["tests"]
    codes = collections.Counter(test["code"] for test in tests)
    passed = sum(codes[code] for code in PASSED)
    failed = sum(count for code, count in codes.items() if code not in PASSED | NOT_RUN)
    for test in tests:
        if test["code"] not in PASSED | NOT_RUN:
            print(f"{test['code']}: {test['name']}")
    if codes["UNSUPPORTED"]:
        print(f"{codes['UNSUPPORTED']} not supported on this machine")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
