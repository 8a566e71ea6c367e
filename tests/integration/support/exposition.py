"""A strict reader of the Prometheus text format 0.0.4: what a scraper would stumble over is an AssertionError."""

import math
import re

_name = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_label = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
_sample = re.compile(rf"({_name})(?:\{{((?:{_label})(?:,{_label})*)\}})? (\S+)")


class Family:
    """name, type, help, and samples: {(sample's name, ((label, value), ...sorted)): number}."""

    def __init__(self, name, help_text):
        self.name, self.help, self.type, self.samples = name, help_text, None, {}

    def value(self, **labels):
        return self.samples[(self.name, tuple(sorted(labels.items())))]

    def by(self, label):
        """{value of the label: number} of a family that has this label alone."""
        found = {}
        for (_, labels), number in self.samples.items():
            assert [name for name, _ in labels] == [label], labels
            found[labels[0][1]] = number
        return found


def _number(text):
    assert re.fullmatch(r"[+-]?(\d+(\.\d*)?([eE][+-]?\d+)?|Inf)|NaN", text), text
    return float(text)


def _check_samples_name(family, name, labels):
    if family.type == "histogram":
        suffix = name[len(family.name) :]
        assert name.startswith(family.name) and suffix in ("_bucket", "_sum", "_count"), name
        assert ("le" in dict(labels)) == (suffix == "_bucket"), labels
    else:
        assert name == family.name, name


def _check_family(family):
    assert family.type and family.samples, f"{family.name} has no samples"
    if family.type == "counter":
        assert family.name.endswith("_total"), family.name
        assert all(number >= 0 and math.isfinite(number) for number in family.samples.values()), family.name
    if family.type == "histogram":
        buckets = {}  # by the other labels
        for (name, labels), number in family.samples.items():
            if name.endswith("_bucket"):
                others = tuple(label for label in labels if label[0] != "le")
                buckets.setdefault(others, []).append((_number(dict(labels)["le"]), number))
        for labels, pairs in buckets.items():
            bounds, counts = [bound for bound, _ in pairs], [number for _, number in pairs]
            assert bounds == sorted(set(bounds)) and bounds[-1] == math.inf, bounds
            assert counts == sorted(counts), counts
            assert counts[-1] == family.samples[(family.name + "_count", labels)]
            assert (family.name + "_sum", labels) in family.samples
        assert sum(name.endswith("_count") for name, _ in family.samples) == len(buckets)


def read_exposition(text):
    """{name: Family} of a whole answer."""
    assert text.endswith("\n") and "\r" not in text
    families, family = {}, None
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            _, _, name, help_text = line.split(" ", 3)
            assert re.fullmatch(_name, name) and name not in families, line
            family = families[name] = Family(name, help_text)
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert family and name == family.name and family.type is None and not family.samples, line
            assert kind in ("counter", "gauge", "histogram"), line
            family.type = kind
        else:
            found = _sample.fullmatch(line)
            assert found and family and family.type, line
            labels = tuple(sorted(re.findall(_label, found.group(2) or "")))
            assert len({name for name, _ in labels}) == len(labels), line
            _check_samples_name(family, found.group(1), labels)
            key = (found.group(1), labels)
            assert key not in family.samples, f"twice: {line}"
            family.samples[key] = _number(found.group(found.lastindex))
    for family in families.values():
        _check_family(family)
    return families
