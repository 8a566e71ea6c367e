"""docs/security.md says which limits there are: each key of the configuration that is one, with its default."""

import re

import yaml

from support.gateway import SOURCE_DIR

PAGE = (SOURCE_DIR / "docs" / "security.md").read_text()
REFERENCE = yaml.safe_load((SOURCE_DIR / "config" / "reference.yaml").read_text())
TABLE = re.search(r"<!-- limits -->\n(.*?)<!-- end of limits -->", PAGE, flags=re.S).group(1)
LIMITS = dict(re.findall(r"\| `((?:wsc|plugins)\.[a-z_.]+)` \| (\d+|`\w+`)", TABLE))


def value_of(path):
    node = REFERENCE
    for name in path.split("."):
        node = node[name]
    return node


def test_the_defaults_are_those_of_the_program():
    assert len(LIMITS) == len(TABLE.splitlines()) - 2, "a row that this test cannot read"
    for path, default in LIMITS.items():
        assert str(value_of(path)) == default, path


def test_no_limit_is_left_out():
    performance = {f"wsc.performance.{name}" for name in REFERENCE["wsc"]["performance"]}
    security = {f"wsc.security.{name}" for name in REFERENCE["wsc"]["security"]}
    http = {f"plugins.http.{name}" for name in REFERENCE["plugins"]["http"]}
    limits = {key for key in performance | security | http if re.search(r"\.max_|_timeout$", key)}
    assert len(limits) > 8
    assert limits <= set(LIMITS), limits - set(LIMITS)


def test_every_key_on_the_page_exists():
    for key in set(re.findall(r"`((?:wsc|plugins|admin|log)\.[a-z_.]+)`", PAGE)):
        value_of(key)
