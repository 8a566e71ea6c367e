"""The JSON Schema of the configuration, read by a validator that no one here wrote, beside what the loader says."""

import json
import re

import jsonschema
import pytest
import yaml

from support.gateway import SOURCE_DIR, run_gatewayd

SCHEMA = json.loads((SOURCE_DIR / "config" / "gatewayd.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
REFERENCE = yaml.safe_load((SOURCE_DIR / "config" / "reference.yaml").read_text())


def leaves(node, path=()):
    """(path, value) of each key that is no section."""
    for name, value in node.items():
        if isinstance(value, dict):
            yield from leaves(value, path + (name,))
        else:
            yield path + (name,), value


KEYS = dict(leaves(REFERENCE))
SECTIONS = sorted({path[:length] for path in KEYS for length in range(1, len(path))})


def nested(values):
    """A document with these values at these paths."""
    document = {}
    for path, value in values.items():
        place = document
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = value
    return document


def refused_by_schema(document):
    """The paths that the validator complains of."""
    paths = set()
    for error in VALIDATOR.iter_errors(document):
        path = tuple(part for part in error.absolute_path if isinstance(part, str))
        if error.validator == "additionalProperties":
            known = error.schema["properties"]
            paths |= {path + (name,) for name in error.instance if name not in known}
        else:
            paths.add(path)
    return paths


@pytest.fixture
def refused_by_loader(tmp_path):
    """A function: the paths of a document that `gatewayd check` complains of."""

    def check(document, env=None):
        file = tmp_path / "gateway.yaml"
        file.write_text(yaml.safe_dump(document))
        done = run_gatewayd("check", "--config", file, env=env)
        assert done.returncode in (0, 2)
        paths = re.findall(rf"^{re.escape(str(file))}:\d+:\d+: ([\w.\[\]-]+): ", done.stderr, flags=re.M)
        if done.returncode == 2:
            assert paths, done.stderr
        return {tuple(re.sub(r"\[\d+\]", "", path).split(".")) for path in paths}

    return check


def test_the_program_prints_the_file_that_ships():
    done = run_gatewayd("schema")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (SOURCE_DIR / "config" / "gatewayd.schema.json").read_text()
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def yaml_of_the_project():
    """(name, text) of each configuration that ships, and of each one that a page shows."""
    for file in sorted((SOURCE_DIR / "config").glob("*.yaml")):
        yield file.name, file.read_text()
    pages = [SOURCE_DIR / "README.md", *SOURCE_DIR.glob("docs/*.md"), *SOURCE_DIR.glob("plugins/**/README.md")]
    for page in sorted(pages):
        for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", page.read_text(), flags=re.S)):
            yield f"{page.relative_to(SOURCE_DIR)}:{number}", block


DOCUMENTS = dict(yaml_of_the_project())


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_ships_and_what_the_pages_show_is_valid(name):
    VALIDATOR.validate(yaml.safe_load(DOCUMENTS[name]))


def test_the_files_for_editors_name_their_schema():
    for name in ("gateway.yaml", "reference.yaml"):
        assert "# yaml-language-server: $schema=gatewayd.schema.json\n" in DOCUMENTS[name]


def test_defaults_and_descriptions_are_those_of_the_reference():
    for path, value in KEYS.items():
        node = SCHEMA
        for name in path:
            node = node["properties"][name]
        assert node["default"] == value, path
        assert len(node["description"]) > 20, path


def test_each_key_of_the_reference_is_taken_alone(refused_by_loader):
    for path, value in KEYS.items():
        assert refused_by_schema(nested({path: value})) == set(), path
    assert refused_by_loader(REFERENCE) == set()


# Values of every type, and at the borders. `stricter`: where the schema wants quotes and the loader does not:
# any scalar is text to it.
VALUES = [False, 1, -1, 10**12, 1.5, "zz zz", "ZZ", "1", "true", "", None, [], ["zz zz"], [[]], [{"a": 1}], {"a": 1}]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_loader_and_schema_refuse_the_same(value, refused_by_loader):
    # wsc.enabled stays as it is: without listeners at all the loader refuses admin.listen for another reason.
    document = nested({path: value for path in KEYS if path != ("wsc", "enabled")})
    by_loader, by_schema = refused_by_loader(document), refused_by_schema(document)
    assert by_loader, "a document that is wrong in many places"
    stricter = set()
    if isinstance(value, (bool, int, float)):
        stricter = {p for p in KEYS if isinstance(KEYS[p], str) and p != ("admin", "listen")}
    # Of a list that may not be empty, or of a key that another key needs, the schema knows nothing.
    looser = {("wsc", "security", "allowed_user_types"), ("wsc", "client_timeout")}
    assert by_schema - by_loader <= stricter
    assert by_loader - by_schema <= looser


def test_loader_and_schema_agree_on_the_borders_of_numbers(refused_by_loader):
    def border(step):
        """Each number one beyond its range (step 1) or on its border (0), at both ends."""
        for end, sign in (("minimum", -1), ("maximum", 1)):
            values = {}
            for path in KEYS:
                node = SCHEMA
                for name in path:
                    node = node["properties"][name]
                for form in node.get("anyOf", []):
                    if end in form:
                        values[path] = form[end] + sign * step
            yield values

    for values in border(1):
        assert len(values) > 20
        # The key that has a word for 0 refuses the number 0, too.
        assert refused_by_loader(nested(values)) == refused_by_schema(nested(values)) == set(values)
    for values in border(0):
        assert refused_by_schema(nested(values)) == set()


def test_unknown_keys_are_refused_except_in_open_sections(refused_by_loader):
    documents = {section: nested({section + ("no_such_key",): 1}) for section in SECTIONS}
    opened = [section for section, document in documents.items() if not refused_by_schema(document)]
    assert opened == [("wsc", "security", "auth"), ("wsc", "store")]
    for section, document in documents.items():
        found = set() if section in opened else {section + ("no_such_key",)}
        assert refused_by_loader(document) == refused_by_schema(document) == found
    assert refused_by_loader({"no_such_section": 1}) == refused_by_schema({"no_such_section": 1}) != set()


ENTRIES_FINE = [
    {"name": "audit"},
    {"name": "audit", "config": {"file": "a.jsonl"}},
    {"name": "audit", "config": None},
    {"name": "a2", "path": "audit.so", "on_crash": "skip", "allow_unsafe": True, "config": {"any": [{"thing": 1.5}]}},
    {"name": "audit", "budget_ms": 0.5},
    {"name": "audit", "budget_ms": 5, "on_overrun": "bypass", "overrun_limit": 3, "overrun_retry_ms": 100},
    {"name": "${NAME_OF_OURS:-audit}", "on_error": "${MODE_OF_OURS:-open}", "allow_unsafe": "${ALLOW_OF_OURS:-false}"},
]
ENTRIES_WRONG = [
    "audit",
    None,
    {},
    {"config": {}},
    {"name": ""},
    {"name": "Audit"},
    {"name": ["audit"]},
    {"name": "audit", "path": ""},
    {"name": "audit", "path": []},
    {"name": "audit", "on_error": "later"},
    {"name": "audit", "on_crash": "always"},
    {"name": "audit", "allow_unsafe": 1},
    {"name": "audit", "budget_ms": 0},
    {"name": "audit", "budget_ms": "5"},
    {"name": "audit", "on_overrun": "bypass"},
    {"name": "audit", "budget_ms": 5, "on_overrun": "open"},
    {"name": "audit", "budget_ms": 5, "overrun_limit": 0},
    {"name": "audit", "budget_ms": 5, "overrun_retry_ms": 3600001},
    {"name": "audit", "config": "a"},
    {"name": "audit", "config": []},
    {"name": "audit", "configuration": {}},
]


def test_entries_of_plugins(refused_by_loader, tmp_path):
    (tmp_path / "audit.so").write_text("no plugin: found only after the configuration is read")
    for entry in ENTRIES_WRONG:
        document = {"plugins": {"load": [entry]}}
        assert refused_by_loader(document) and refused_by_schema(document), entry
    for entry in ENTRIES_FINE:
        document = {"plugins": {"load": [entry]}, "admin": {"listen": "nowhere"}}  # the loader's one complaint
        assert refused_by_loader(document) == refused_by_schema(document) == {("admin", "listen")}, entry


def test_the_environment_may_stand_wherever_a_value_may(refused_by_loader):
    def referring(value):
        if isinstance(value, list):
            return [referring(item) for item in value]
        return f"${{NO_SUCH_VARIABLE:-{json.dumps(value) if not isinstance(value, str) else value}}}"

    document = nested({path: referring(value) for path, value in KEYS.items()})
    assert refused_by_schema(document) == set()
    assert refused_by_loader(document) == set()
