"""Pictures arrive in parts over a bad link and are kept whole, once, under their hash."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coordinator.store.blobs import BlobStore, Upload
from coordinator.store.errors import (
    BlobFullError,
    BlobMismatchError,
    BlobMissingError,
    BlobNameError,
    BlobOffsetError,
    BlobTooLargeError,
)

PICTURE = bytes(range(256)) * 40
NAME = hashlib.sha256(PICTURE).hexdigest()


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    """An empty store."""
    return BlobStore(tmp_path / "blobs", max_blob_bytes=1024 * 1024)


def begin(blobs: BlobStore, owner: str = "spot-1") -> Upload:
    """Announce the picture."""
    return blobs.begin(NAME, len(PICTURE), owner=owner)


def files(blobs: BlobStore) -> list[str]:
    """Every file of the store, by its path in it."""
    return sorted(str(file.relative_to(blobs._root)) for file in blobs._root.rglob("*") if file.is_file())


def test_a_picture_in_parts_ends_up_under_its_hash(blobs: BlobStore) -> None:
    """A picture sent in parts is stored whole, and sending it again stores nothing more."""
    upload = begin(blobs)
    for offset in range(0, len(PICTURE), 3000):
        upload = blobs.append(upload, offset, PICTURE[offset : offset + 3000])
    path = blobs.finish(upload)

    assert path.read_bytes() == PICTURE
    assert blobs.path(NAME) == path
    assert blobs.is_intact(NAME)
    assert files(blobs) == [f"{NAME[:2]}/{NAME}"]
    assert blobs.finish(upload) == path
    again = begin(blobs, owner="spot-2")
    assert (again.is_stored, again.durable_bytes) == (True, len(PICTURE))
    assert blobs.finish(blobs.append(again, 0, PICTURE)) == path
    assert files(blobs) == [f"{NAME[:2]}/{NAME}"]


def test_an_upload_goes_on_where_it_broke_off(blobs: BlobStore) -> None:
    """After a break or a restart the robot is told which byte comes next."""
    blobs.append(begin(blobs), 0, PICTURE[:5000])

    restarted = BlobStore(blobs._root, max_blob_bytes=1024 * 1024)
    upload = begin(restarted)
    assert upload.durable_bytes == 5000
    assert restarted.append(upload, 2000, PICTURE[2000:4000]).durable_bytes == 5000
    for offset in (4000, 6000):
        with pytest.raises(BlobOffsetError) as caught:
            restarted.append(upload, offset, PICTURE[offset : offset + 2000])
        assert caught.value.durable_bytes == 5000
    with pytest.raises(BlobOffsetError):
        restarted.finish(upload)
    assert restarted.finish(restarted.append(upload, 5000, PICTURE[5000:])).read_bytes() == PICTURE


def test_content_that_is_not_the_announced_is_dropped(blobs: BlobStore) -> None:
    """A spoilt picture is refused, and the robot starts again at 0."""
    upload = blobs.append(begin(blobs), 0, b"x" + PICTURE[1:])

    with pytest.raises(BlobMismatchError, match="were announced"):
        blobs.finish(upload)
    assert begin(blobs).durable_bytes == 0
    assert not blobs.has(NAME)
    assert files(blobs) == []


def test_one_robot_can_not_spoil_anothers_upload(blobs: BlobStore) -> None:
    """Parts belong to their sender, even if two announce the same content."""
    honest = blobs.append(begin(blobs), 0, PICTURE[:5000])
    liar = begin(blobs, owner="spot-2")
    assert liar.durable_bytes == 0
    blobs.append(liar, 0, bytes(5000))

    assert blobs.finish(blobs.append(honest, 5000, PICTURE[5000:])).read_bytes() == PICTURE


@pytest.mark.parametrize(
    "name",
    ["", "../../etc/passwd", NAME.upper(), NAME[:-1], NAME + "0", NAME + "\n", "/" + NAME[1:], "é" * 64],
)
def test_row_38_only_hashes_are_names(blobs: BlobStore, name: str) -> None:
    """No name from outside can point to another place of the disk."""
    for attempt in (blobs.path, blobs.has, blobs.is_intact):
        with pytest.raises(BlobNameError, match="64 lowercase hex digits"):
            attempt(name)
    with pytest.raises(BlobNameError):
        blobs.begin(name, 1, owner="spot-1")


def test_too_much_is_refused_before_it_is_written(blobs: BlobStore) -> None:
    """Neither a huge announcement nor more than announced takes room on the disk."""
    with pytest.raises(BlobTooLargeError, match="has 1048577 bytes, the limit is 1048576"):
        blobs.begin(NAME, 1024 * 1024 + 1, owner="spot-1")
    with pytest.raises(BlobTooLargeError):
        blobs.append(begin(blobs), 0, PICTURE + b"x")
    with pytest.raises(ValueError, match="sizes are at least 0"):
        blobs.begin(NAME, -1, owner="spot-1")
    assert begin(blobs).durable_bytes == 0


def test_missing_content_is_named(blobs: BlobStore) -> None:
    """Asking for a picture that isn't there says so."""
    with pytest.raises(BlobMissingError, match=NAME):
        blobs.path(NAME)


def test_abandoned_uploads_are_dropped(blobs: BlobStore) -> None:
    """Uploads nobody goes on with give their room back, fresh ones stay."""
    blobs.append(begin(blobs), 0, PICTURE[:5000])

    assert blobs.discard_older(1.0) == 0
    assert begin(blobs).durable_bytes == 5000
    assert blobs.discard_older(1e12) == 1
    assert begin(blobs).durable_bytes == 0


def test_an_empty_content_is_a_content(blobs: BlobStore) -> None:
    """A result of no bytes is stored like any other."""
    empty = hashlib.sha256(b"").hexdigest()
    upload = blobs.append(blobs.begin(empty, 0, owner="spot-1"), 0, b"")

    assert blobs.finish(upload).read_bytes() == b""


def test_a_full_disk_keeps_the_parts_before(small_disk: Path) -> None:
    """When the disk is full the part is refused whole, and goes on after room was made."""
    blobs = BlobStore(small_disk / "blobs", max_blob_bytes=1024 * 1024)
    content = bytes(700 * 1024)
    name = hashlib.sha256(content).hexdigest()
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(600 * 1024))
    upload = blobs.append(blobs.begin(name, len(content), owner="spot-1"), 0, content[: 200 * 1024])

    with pytest.raises(BlobFullError):
        blobs.append(upload, 200 * 1024, content[200 * 1024 :])
    assert blobs.begin(name, len(content), owner="spot-1").durable_bytes == 200 * 1024
    ballast.unlink()
    assert blobs.finish(blobs.append(upload, 200 * 1024, content[200 * 1024 :])).read_bytes() == content


@settings(max_examples=20)
@given(
    content=st.binary(max_size=600),
    parts=st.lists(st.tuples(st.integers(0, 700), st.integers(0, 300)), max_size=12),
)
def test_any_parts_in_any_order_never_store_wrong_content(
    content: bytes, parts: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever parts come, late, twice or with gaps, what is stored has its hash."""
    blobs = BlobStore(tmp_path_factory.mktemp("any"), max_blob_bytes=1000)
    name = hashlib.sha256(content).hexdigest()
    upload = blobs.begin(name, len(content), owner="spot-1")
    for offset, length in parts:
        data = content[offset : offset + length]
        try:
            upload = blobs.append(upload, offset, data)
        except (BlobOffsetError, BlobTooLargeError):
            upload = blobs.begin(name, len(content), owner="spot-1")
    upload = blobs.append(upload, upload.durable_bytes, content[upload.durable_bytes :])

    assert blobs.finish(upload).read_bytes() == content
