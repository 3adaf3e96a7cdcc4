"""Writes the page about ONNX's operators from the results of ONNX's tests (onnx_tests.py --json=RESULTS)."""
import argparse
import collections
import json
from pathlib import Path

from onnx_reasons import brief
from onnx_tests import DEFAULT_DEVICES, summarize

PAGE = """# ONNX operators

What of ONNX works, by the tests of ONNX itself: the node tests and the models of the PyPI package `onnx` {version}.
This page is made by

```console
$ .venv/bin/python test/conformance/onnx_tests.py{options} --json=onnx-tests.json
$ .venv/bin/python test/conformance/onnx_table.py onnx-tests.json docs/onnx-operators.md
```

and says: {summary}.

- Each test ran on {devices}.
- {simulated}
- *Since* is the opset that brought the version of the operator that the wheel tests. Models of opsets 6 to 28 are
  imported.
- A test passes *with inputs fixed* if an input had to get its value at compile time (`winnow-compile --constant`),
  because it decides a rank or an axis.
- What is *refused* is refused by a sentence that names the node and the cause; here is what it says.
- Tests *of other types* are about sequences, optionals, maps and strings, which winnow does not have.

## Operators

{operators}

## Models

{models}
"""


def count_text(reasons):
    """The reasons, the most frequent first."""
    return "; ".join(f"{count} × {text}" if count > 1 else text for text, count in reasons.most_common())


def row(label, results):
    count = lambda outcome: sum(result["outcome"] == outcome for result in results)
    fixed = sum(bool(result["fixed"]) for result in results if result["outcome"] == "passed")
    why = collections.Counter(brief(result["reason"]) for result in results if result["outcome"] == "refused")
    why.update(brief(text.removeprefix("refused: ")) + ", on `ptxsim`" for result in results
               for text in result["devices"].values() if text.startswith("refused: "))
    why.update("a wrong result, a crash or a hang" for result in results if result["outcome"] == "failed")
    cells = [count("passed"), fixed, count("refused"), count("failed"), count("foreign")]
    return "| " + " | ".join([*label, *(str(cell or "") for cell in cells), count_text(why)]) + " |"


def table(heads, groups):
    heads = [*heads, "passed", "with inputs fixed", "refused", "failed", "of other types", "why not"]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(lines + [row(label, results) for label, results in groups])


def options_of(content):
    """Those of the run that are not the default."""
    options = "" if content["devices"] == DEFAULT_DEVICES.split(",") else f" --devices={','.join(content['devices'])}"
    return options + (f" --filter='{content['filter']}'" if content["filter"] else "")


def simulation(content):
    """What ran on ptxsim."""
    outcomes = collections.Counter(result["devices"]["ptxsim"].split(":")[0] for result in content["tests"]
                                   if "ptxsim" in result["devices"])
    if not outcomes:
        return "None ran on `ptxsim`, the simulated GPU."
    return ("On `ptxsim`, the simulated GPU, a sample ran: two tests for each version of each operator, and ten models of "
            f"each kind\n  but the large ones. Of these, {outcomes['passed']} pass and {outcomes['refused']} are refused.")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results")
    parser.add_argument("page")
    arguments = parser.parse_args()
    content = json.loads(Path(arguments.results).read_text())
    operators, models = collections.defaultdict(list), collections.defaultdict(list)
    for result in content["tests"]:
        if result["kind"] == "node":
            operators[f"`{result['operator']}`", str(result["since"])].append(result)
        else:
            models[result["kind"],].append(result)
    by_name = sorted(operators.items(), key=lambda item: (item[0][0].lower(), int(item[0][1])))
    page = PAGE.format(
        version=content["onnx"], summary=summarize(content["tests"])[0],
        operators=table(["operator", "since"], by_name),
        devices=" and ".join(f"`{device}`" for device in content["devices"] if device != "ptxsim"),
        options=options_of(content), simulated=simulation(content),
        models=table(["models"], models.items()))
    Path(arguments.page).write_text(page)


if __name__ == "__main__":
    main()
