"""JSON as strangers write it: read strictly, without what no file or terminal takes."""

from __future__ import annotations

import json
from typing import Any, NoReturn


def refuse_constant(name: str) -> NoReturn:
    """NaN and the infinities are Python's, not JSON's."""
    raise ValueError(f"{name} is no JSON")


DECODER = json.JSONDecoder(parse_constant=refuse_constant)  # making one costs as much as reading a line


def loaded(text: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """A JSON value; ValueError for everything that is none."""
    try:
        value = DECODER.decode(text)
        return mended(value) if "\\ud" in text or "\\uD" in text else value
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def mended(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The value without halves of characters, which no file or terminal takes; `bd` replaces them, too."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [mended(each) for each in value]
    return {mended(key): mended(each) for key, each in value.items()} if isinstance(value, dict) else value
