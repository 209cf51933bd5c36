"""Files of arrays in the safetensors format, written and read without a second copy of what they hold.

The library of the format copies each array into one piece of memory before it writes, and reads files whole. Files
written here are the same, byte for byte (tested), and large ones are mapped instead of read.

References
----------
The format: https://huggingface.co/docs/safetensors (a length, a header in JSON, the arrays).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from io import BufferedWriter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_KINDS = {  # in the library's order: the widest first
    "U64": "<u8",
    "I64": "<i8",
    "F64": "<f8",
    "F32": "<f4",
    "U32": "<u4",
    "I32": "<i4",
    "F16": "<f2",
    "U16": "<u2",
    "I16": "<i2",
    "I8": "|i1",
    "U8": "|u1",
}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_ORDER = list(_KINDS)
_BLOCK = 1 << 22  # numbers written at once
LARGE_BYTES = 1 << 28
"""From this size on a file is mapped."""


def write_tensors(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write arrays to a file, blocks of rows after one another.

    Parameters
    ----------
    path
        The file, which is written over.
    arrays
        By name; of any strides, of float16 to float64 or whole numbers.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    kinds = {name: _NAMES[array.dtype.newbyteorder("<").str] for name, array in arrays.items()}
    header, offset = {}, 0
    for name in sorted(arrays, key=lambda name: (_ORDER.index(kinds[name]), name)):
        array = arrays[name]
        end = offset + array.size * array.itemsize
        header[name] = {"dtype": kinds[name], "shape": list(array.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        for name in header:
            _write(file, arrays[name])


def _write(file: BufferedWriter, array: npt.NDArray[Any]) -> None:
    if array.ndim == 0 or array.size == 0:
        file.write(array.tobytes())
        return
    step = max(1, _BLOCK // max(1, array[:1].size))
    for start in range(0, len(array), step):
        block = np.ascontiguousarray(array[start : start + step])
        file.write(block.reshape(-1).view(np.uint8).data)


def read_tensors(path: Path, *, is_mapped: bool | None = None) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a file by name; those of a large one as read-only memory maps.

    Parameters
    ----------
    path
        The file. One that is mapped must not be written over; to put another in its place is fine.
    is_mapped
        Whether it is mapped; None: if it holds ``LARGE_BYTES`` or more.

    Raises
    ------
    OSError
        If it cannot be read.
    safetensors.SafetensorError
        If it is no such file, or damaged.
    """
    from safetensors import safe_open
    from safetensors.numpy import load_file

    if not (path.stat().st_size >= LARGE_BYTES if is_mapped is None else is_mapped):
        found: dict[str, npt.NDArray[Any]] = load_file(path)
        return found
    with safe_open(path, framework="numpy"):
        pass  # it checks the whole header against the file's length
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    return {name: _mapped(path, about, start=8 + length) for name, about in header.items()}


def _mapped(path: Path, about: Mapping[str, Any], *, start: int) -> npt.NDArray[Any]:
    kind, shape = np.dtype(_KINDS[about["dtype"]]), tuple(about["shape"])
    first, last = about["data_offsets"]
    if first == last:
        return np.zeros(shape, dtype=kind)
    return np.memmap(path, dtype=kind, mode="r", offset=start + first, shape=shape)
