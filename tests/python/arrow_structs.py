"""Handmade structs of the Arrow C data interface, valid and invalid, that count their releases.

No Arrow library would export the malformed data that the tests need.
"""

from __future__ import annotations

import ctypes
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


class Schema(ctypes.Structure):
    pass


class Array(ctypes.Structure):
    pass


class Stream(ctypes.Structure):
    pass


RELEASE_SCHEMA = ctypes.CFUNCTYPE(None, ctypes.POINTER(Schema))
RELEASE_ARRAY = ctypes.CFUNCTYPE(None, ctypes.POINTER(Array))
RELEASE_STREAM = ctypes.CFUNCTYPE(None, ctypes.POINTER(Stream))
GET_SCHEMA = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Stream), ctypes.POINTER(Schema))
GET_NEXT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Stream), ctypes.POINTER(Array))
LAST_ERROR = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.POINTER(Stream))

Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_char_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(Schema))),
    ("dictionary", ctypes.POINTER(Schema)),
    ("release", RELEASE_SCHEMA),
    ("private_data", ctypes.c_void_p),
]
Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(Array))),
    ("dictionary", ctypes.POINTER(Array)),
    ("release", RELEASE_ARRAY),
    ("private_data", ctypes.c_void_p),
]
Stream._fields_ = [
    ("get_schema", GET_SCHEMA),
    ("get_next", GET_NEXT),
    ("get_last_error", LAST_ERROR),
    ("release", RELEASE_STREAM),
    ("private_data", ctypes.c_void_p),
]

exported: Counter[str] = Counter()  # what can be released was handed out so often
released: Counter[str] = Counter()
KEPT: list[Any] = []  # what C points at


def handed_out(struct: Any) -> Any:
    exported[type(struct).__name__] += bool(struct.release)
    return struct


@RELEASE_SCHEMA
def release_schema(schema: Any) -> None:
    released["Schema"] += 1
    schema.contents.release = RELEASE_SCHEMA()


@RELEASE_ARRAY
def release_array(array: Any) -> None:
    released["Array"] += 1
    array.contents.release = RELEASE_ARRAY()


@RELEASE_STREAM
def release_stream(stream: Any) -> None:
    released["Stream"] += 1
    stream.contents.release = RELEASE_STREAM()


DESTRUCTOR = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
new_capsule = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, DESTRUCTOR)(
    ("PyCapsule_New", ctypes.pythonapi)
)
pointer_of = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)


def capsule(struct: Any, name: bytes) -> Any:
    """Return a capsule that releases its struct unless a consumer has taken it."""

    @DESTRUCTOR
    def destroy(address: int) -> None:
        held = type(struct).from_address(pointer_of(address, name))
        if held.release:
            held.release(ctypes.byref(held))

    KEPT.append((handed_out(struct), name, destroy))
    return new_capsule(ctypes.addressof(struct), name, destroy)


@dataclass
class Column:
    """One array and its schema; `wrong` overwrites fields of the one or the other struct."""

    format: str
    length: int
    buffers: list[Any] = field(default_factory=list)
    children: list[Column] = field(default_factory=list)
    name: str = "column"
    offset: int = 0
    null_count: int = 0
    metadata: bytes | None = None
    wrong: dict[str, Any] = field(default_factory=dict)
    wrong_schema: dict[str, Any] = field(default_factory=dict)

    def schema(self) -> Schema:
        children = [child.schema() for child in self.children]
        pointers = (ctypes.POINTER(Schema) * max(len(children), 1))(*map(ctypes.pointer, children))
        struct = Schema(
            format=self.format.encode(),
            name=self.name.encode(),
            metadata=self.metadata,
            n_children=len(children),
            children=ctypes.cast(pointers, ctypes.POINTER(ctypes.POINTER(Schema))),
            release=release_schema,
        )
        KEPT.append((struct, pointers, children))
        return overwritten(struct, self.wrong_schema)

    def array(self) -> Array:
        children = [child.array() for child in self.children]
        pointers = (ctypes.POINTER(Array) * max(len(children), 1))(*map(ctypes.pointer, children))
        held = [None if buffer is None else np.ascontiguousarray(buffer) for buffer in self.buffers]
        addresses = (ctypes.c_void_p * max(len(held), 1))(
            *(None if b is None else b.ctypes.data for b in held)
        )
        struct = Array(
            length=self.length,
            null_count=self.null_count,
            offset=self.offset,
            n_buffers=len(held),
            n_children=len(children),
            buffers=ctypes.cast(addresses, ctypes.POINTER(ctypes.c_void_p)),
            children=ctypes.cast(pointers, ctypes.POINTER(ctypes.POINTER(Array))),
            release=release_array,
        )
        KEPT.append((struct, pointers, children, held, addresses))
        return overwritten(struct, self.wrong)

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[Any, Any]:
        return capsule(self.schema(), b"arrow_schema"), capsule(self.array(), b"arrow_array")


def overwritten(struct: Any, wrong: dict[str, Any]) -> Any:
    for name, value in wrong.items():
        setattr(struct, name, value)
    return struct


@dataclass
class Chunks:
    """A stream of columns that fails after the last one, or when its schema is requested."""

    columns: list[Column]
    fails: str = ""
    says: str | None = "the disk is on fire"
    on_next: Callable[[], object] = bool
    wrong: dict[str, Any] = field(default_factory=dict)

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        left = list(self.columns)
        message = None if self.says is None else ctypes.create_string_buffer(self.says.encode())

        @GET_SCHEMA
        def get_schema(_: Any, out: Any) -> int:
            if self.fails == "schema":
                return 5
            ctypes.memmove(out, ctypes.byref(handed_out(self.columns[0].schema())), ctypes.sizeof(Schema))
            return 0

        @GET_NEXT
        def get_next(_: Any, out: Any) -> int:
            self.on_next()
            if left:
                ctypes.memmove(out, ctypes.byref(handed_out(left.pop(0).array())), ctypes.sizeof(Array))
                return 0
            if self.fails == "next":
                return 5
            ctypes.memset(out, 0, ctypes.sizeof(Array))
            return 0

        @LAST_ERROR
        def last_error(_: Any) -> int | None:
            return None if message is None else ctypes.addressof(message)

        struct = overwritten(Stream(get_schema, get_next, last_error, release_stream), self.wrong)
        KEPT.append((struct, get_schema, get_next, last_error, message))
        return capsule(struct, b"arrow_array_stream")
