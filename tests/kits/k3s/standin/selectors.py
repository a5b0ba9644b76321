"""Label and field selectors."""

import re

from standin.objects import ApiError


def labels(text):
    """A predicate over a dict of labels."""
    tests = []
    for part in re.split(r",(?![^(]*\))", text):
        part = part.strip()
        within = re.match(r"^(\S+)\s+(in|notin)\s+\(([^)]*)\)$", part)
        if within:
            key, how, values = within.group(1), within.group(2), {value.strip() for value in within.group(3).split(",")}
            tests.append(lambda have, key=key, how=how, values=values: (have.get(key) in values) == (how == "in"))
        elif "!=" in part:
            key, value = (side.strip() for side in part.split("!=", 1))
            tests.append(lambda have, key=key, value=value: have.get(key) != value)
        elif "=" in part:
            key, value = (side.strip() for side in re.split("==?", part, maxsplit=1))
            tests.append(lambda have, key=key, value=value: have.get(key) == value)
        elif part.startswith("!"):
            tests.append(lambda have, key=part[1:]: key not in have)
        elif part:
            tests.append(lambda have, key=part: key in have)
    return lambda have: all(test(have) for test in tests)


def fields(text):
    """A predicate over an object; only the fields that Kubernetes lets clients select by."""
    tests = []
    for part in text.split(","):
        if not part:
            continue
        key, how, value = re.match(r"^([^=!]+)(!=|==?)(.*)$", part).groups()
        if key not in ("metadata.name", "metadata.namespace", "spec.nodeName", "status.phase", "spec.unschedulable", "type"):
            raise ApiError(400, "BadRequest", f"field label not supported: {key}")
        tests.append((key.split("."), how == "!=", value))

    def matches(item):
        for path, negated, value in tests:
            found = item
            for step in path:
                found = found.get(step, {}) if isinstance(found, dict) else {}
            if (str(found or "") == value) == negated:
                return False
        return True

    return matches
