"""Plain YAML from an untrusted file."""

import re
from pathlib import Path
from typing import Any

import yaml

from ptclnm.imaging.header import is_file

MAX_BYTES = 256 * 1024


class YamlError(Exception):
    """A file that is no plain YAML; the message says why."""


class _PlainLoader(yaml.SafeLoader):
    """`yaml.SafeLoader` with less: no tags, no anchors, no repeated keys.

    Words are booleans only as ``true`` and ``false``, so that a label ``no`` stays text, and
    there are no dates.
    """

    yaml_implicit_resolvers: dict = {}

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.YAMLError(f"anchors and aliases are not allowed{event.start_mark}")
        if getattr(event, "tag", None):
            raise yaml.YAMLError(f"tags are not allowed{event.start_mark}")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        texts = [str(key) for key in keys]
        repeated = sorted({text for text in texts if texts.count(text) > 1})
        if repeated:
            raise yaml.YAMLError(f"key {repeated[0]!r} is given twice{node.start_mark}")
        return super().construct_mapping(node, deep)


for _tag, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("int", r"[-+]?[0-9]{1,18}", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]{1,3})?", "-+0123456789."),
    ("null", r"~|null|", ["~", "n", ""]),
):
    _PlainLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first)
    )


def load_plain_yaml(path: Path) -> Any:
    """Load a YAML file's mapping.

    Parameters
    ----------
    path : Path
        UTF-8, at most 256 KiB.

    Returns
    -------
    object
        Mappings, lists, text, whole numbers, real numbers, booleans and None.

    Raises
    ------
    YamlError
        If the file is missing, too large, not UTF-8 or not plain YAML.
    """
    if not is_file(path):
        raise YamlError("there is no such file")
    if path.stat().st_size > MAX_BYTES:
        raise YamlError(f"it has more than {MAX_BYTES:,} bytes")
    try:
        return yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_PlainLoader)  # noqa: S506
    except UnicodeDecodeError as error:
        raise YamlError(f"it is not UTF-8 (byte {error.start + 1})") from error
    except RecursionError:
        raise YamlError("it is nested too deeply") from None
    except (yaml.YAMLError, ValueError) as error:
        raise YamlError("it is no plain YAML: " + " ".join(str(error).split())[:300]) from error
