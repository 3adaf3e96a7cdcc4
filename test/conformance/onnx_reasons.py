# The refusals of many tests by reason.
import re


def general(reason):
    """A reason without what differs between tests: names and numbers."""
    parts = []
    for cause in reason.split("; "):
        cause = re.sub(r"node '.*?' \((\w+), opset \d+\)", r"\1", cause)
        cause = re.sub(r"\[[^\]]*\]|\B'[^']*'|\b-?\d+\b", "…", cause)
        if cause not in parts:
            parts.append(cause)
    return "; ".join(parts)


def brief(reason):
    """What is wrong, without what was expected and where it is."""
    first = general(reason).split("; ")[0].split(", but expected")[0]
    return re.sub(r"^\w+: ", "", first)
