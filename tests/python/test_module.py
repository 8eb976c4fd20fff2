"""An index as a WebAssembly module: its sections. What it answers is tested in js/, where there are hosts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import poly_match as pm
import pytest
from poly_match._cli import main as cli
from poly_match._engine import module

SQUARE = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])


def sections(data: bytes) -> dict[int, bytes]:
    """Return the sections by number; a module ends where its last section does."""
    assert data[:8] == b"\0asm\1\0\0\0"
    found = dict(module._sections(data))
    sizes = [1 + len(module._encoded(len(each))) + len(each) for each in found.values()]
    assert sum(sizes) + 8 == len(data)
    return found


@pytest.mark.parametrize("value", [0, 1, 63, 64, 127, 128, 8191, 8192, 2**31, 2**32 - 1])
def test_numbers(value: int) -> None:
    """They are read as they are written; a signed one has no sign bit in its last byte."""
    assert module._number(b"\xff" + module._encoded(value), 1)[0] == value
    signed = module._signed(value)
    assert module._number(signed, 0) == (value, len(signed))
    assert signed[-1] & 0x40 == 0


def test_a_module_is_the_template_with_the_block_at_its_end() -> None:
    """Only memory, data and the count of its segments differ; the memory has room for both."""
    index = pm.Index([SQUARE])
    block = bytes(index._core.block)
    made = sections(module.module_of(block, 1))
    template = sections(module.TEMPLATE.read_bytes())
    assert list(made) == list(template)
    assert 2 not in made  # imports
    changed = [number for number in made if made[number] != template[number]]
    assert changed == [module.MEMORY, module.DATA_COUNT, module.DATA]
    assert made[module.DATA].endswith(len(block).to_bytes(8, "little") + bytes(56) + block)
    pages = [module._number(each[module.MEMORY], 2)[0] for each in (made, template)]
    assert (pages[0] - pages[1]) * module.PAGE >= len(block) + 64 + 4
    assert pages[0] - pages[1] <= 3


def test_the_template_opens_blocks_of_this_format() -> None:
    """It was compiled from sources that have the format that this library writes."""
    block = bytes(pm.Index([SQUARE])._core.block)
    custom = sections(module.TEMPLATE.read_bytes())[0]
    assert custom == b"\x09pm-format" + bytes([int.from_bytes(block[12:16], "little")])


def test_a_module_too_large_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """WebAssembly has 4 GB."""
    monkeypatch.setattr(module, "MOST_PAGES", 20)
    with pytest.raises(
        ValueError, match=r"output: 1,000,000 bytes of an index are too many for a module: 4 GB"
    ):
        module.module_of(bytes(1_000_000), 1)


def test_the_command_writes_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the ending of the output, with the rules that were given."""
    monkeypatch.chdir(tmp_path)
    words = ["index", str(pm.examples.countries), "--best", "largest", "-q"]
    assert cli.main([*words, "-o", "zones.pmx"]) == 0
    assert cli.main([*words, "-o", "zones.wasm"]) == 0
    index = pm.Index.open("zones.pmx")
    assert Path("zones.wasm").read_bytes() == module.module_of(index._core.block, len(index))
