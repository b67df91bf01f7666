"""Files under their SHA-256, in a folder or at any fsspec URL. A blob is there whole or not at all."""

import hashlib
import os
import shutil
from pathlib import Path
from typing import BinaryIO, cast
from uuid import uuid4

import fsspec

from lead_pipeline.errors import NotFound

_BLOCK = 1 << 20


def keep_file(blobs: str, path: Path) -> tuple[str, str]:
    """Copy a file into the store. Returns its SHA-256 and the path to hand to `open_blob`.

    The digest is that of the bytes that were copied, so a file that grows meanwhile cannot lie about itself.
    """
    filesystem, root = fsspec.core.url_to_fs(blobs)
    filesystem.makedirs(root, exist_ok=True)
    part = f"{root}/{uuid4().hex}.part"
    digest = hashlib.sha256()
    try:
        with path.open("rb") as source, filesystem.open(part, "wb") as target:
            while block := source.read(_BLOCK):
                digest.update(block)
                target.write(block)
            target.flush()
            if hasattr(target, "fileno"):
                os.fsync(target.fileno())
    except BaseException:
        if filesystem.exists(part):
            filesystem.rm(part)
        raise
    name = digest.hexdigest()
    if filesystem.exists(f"{root}/{name}"):
        filesystem.rm(part)
    else:
        filesystem.mv(part, f"{root}/{name}")
    return name, name


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
