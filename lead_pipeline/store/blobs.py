"""Files under their SHA-256, in a folder or at any fsspec URL. A blob is there whole or not at all."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast
from uuid import uuid4

import fsspec
from fsspec.implementations.local import LocalFileSystem

from lead_pipeline.errors import NotFound

_BLOCK = 1 << 20


@dataclass(frozen=True)
class StagedBlob:
    """Bytes that are in the store and not kept yet. `name` is the SHA-256 of exactly these, to hand to `open_blob`."""

    name: str
    size: int
    keep: Callable[[], None]


@contextmanager
def staged_blob(blobs: str, stream: BinaryIO) -> Iterator[StagedBlob]:
    """Copy a stream, from where it stands, into the store. What is not kept by the end is gone again.

    The digest is that of the bytes that were copied, so a file that grows meanwhile cannot lie about itself.
    """
    filesystem, root = fsspec.core.url_to_fs(blobs)
    filesystem.makedirs(root, exist_ok=True)
    part = f"{root}/{uuid4().hex}.part"
    digest, size = hashlib.sha256(), 0
    try:
        with filesystem.open(part, "wb") as target:
            while block := stream.read(_BLOCK):
                digest.update(block)
                target.write(block)
                size += len(block)
            target.flush()
            if hasattr(target, "fileno"):
                os.fsync(target.fileno())
        name = digest.hexdigest()

        def keep() -> None:
            if not filesystem.exists(f"{root}/{name}"):
                filesystem.mv(part, f"{root}/{name}")
            if isinstance(filesystem, LocalFileSystem):
                _sync_folder(root)

        yield StagedBlob(name, size, keep)
    finally:
        if filesystem.exists(part):
            filesystem.rm(part)


def _sync_folder(path: str) -> None:
    """Make a file's name as durable as its bytes."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def open_blob(blobs: str, name: str) -> BinaryIO:
    """A readable, seekable stream. Raises NotFound where the store holds no such blob."""
    filesystem, root = fsspec.core.url_to_fs(blobs)
    try:
        return cast(BinaryIO, filesystem.open(f"{root}/{name}", "rb"))
    except FileNotFoundError:
        raise NotFound(f"blob {name} is not in {blobs}. Set BLOB_URL to the store in which it was landed.") from None


def remove_all(blobs: str) -> None:
    """Forget every blob: for `db reset` of a local folder only."""
    shutil.rmtree(blobs, ignore_errors=True)
