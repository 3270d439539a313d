"""What the tests of the wire share."""

from __future__ import annotations

import pytest

from customers_sdk._wire import codec, schema


@pytest.fixture(params=["json", "orjson"])
def decoder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each of the two decoders in turn, and readers that were made for it."""
    if request.param == "json":
        monkeypatch.setattr(codec, "FAST", False)
        converter = schema._make_converter()
        monkeypatch.setattr(schema, "_readers", schema.ByClass(converter.get_structure_hook))
    elif not codec.FAST:
        pytest.skip("orjson is not installed")
    return str(request.param)
