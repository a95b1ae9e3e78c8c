"""JSON of small values, written directly: an encoder takes longer to start than most of them to write.

Letters stay as they are; the result is that of `json.dumps(..., ensure_ascii=False)`.
"""

import json
from collections.abc import Mapping
from json.encoder import encode_basestring

_ENCODE = json.JSONEncoder(ensure_ascii=False).encode


def json_of(members: Mapping[str, object]) -> str:
    """The JSON object of these members."""
    return f"{{{', '.join([f'{encode_basestring(key)}: {json_text(value)}' for key, value in members.items()])}}}"


def json_text(value: object) -> str:
    """The JSON text of a value."""
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None:
        return "null"
    if value is False:
        return "false"
    if isinstance(value, tuple) and all(isinstance(one, str) for one in value):
        return f"[{', '.join(map(encode_basestring, value))}]"
    return _ENCODE(value)
