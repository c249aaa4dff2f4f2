"""`roundsman journal`: verify, show, replay, truncate, on a data folder whose coordinator may be running."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coordinator.cli.connection import ask
from coordinator.cli.exits import CheckFailedError, NotDoneError, UsageError
from coordinator.cli.options import Json, Yes
from coordinator.cli.output import instant, print_json, print_table
from coordinator.cli.plant_file import load_plant

if TYPE_CHECKING:
    from coordinator.store.entry import Entry

journal = typer.Typer(help="Check, read, replay and recover a journal.", no_args_is_help=True)

# As coordinator.runtime.service names it; importing that takes longer than reading a journal.
JOURNAL_NAME = "journal.sqlite3"
Data = Annotated[Path, typer.Argument(metavar="DATA", help="A coordinator's data folder, or its journal file.")]


def journal_path(data: Path) -> Path:
    """
    The journal of a data folder.

    Raises:
        UsageError: If there is none.
    """
    path = data / JOURNAL_NAME if data.is_dir() else data
    if not path.is_file():
        raise UsageError(f"no journal at {path}: name the folder given to `roundsman serve --data`")
    return path


@contextmanager
def _store_errors() -> Iterator[None]:
    from coordinator.store.errors import (
        JournalCorruptError,
        JournalForeignError,
        JournalInUseError,
        RecoverRefusedError,
        StoreError,
    )

    try:
        yield
    except JournalForeignError as error:
        raise UsageError(str(error)) from error
    except (JournalInUseError, RecoverRefusedError) as error:
        raise NotDoneError(f"refused: {error}") from error
    except JournalCorruptError as error:
        raise CheckFailedError(f"{error}; see `roundsman journal verify`") from error
    except StoreError as error:
        raise CheckFailedError(str(error)) from error


@journal.command("verify")
def verify_journal(
    data: Data,
    *,
    plant: Annotated[
        str, typer.Option("--plant", metavar="NAME|FILE", help="Its map: check what the entries say, too.")
    ] = "",
    as_json: Json = False,
) -> None:
    """
    Check every entry and snapshot against its hash. Exit status 5 if something is wrong.

    With the plant's map also whether anything was ever reserved twice, done twice, or done out of order.
    """
    from coordinator.store.verify import report_lines, verify

    with _store_errors():
        report = verify(journal_path(data))
        findings = _audit(journal_path(data), plant) if plant and report.is_good else ()
    if as_json:
        print_json(
            {
                "path": str(report.path),
                "log_id": report.log_id,
                "plant_id": report.plant_id,
                "is_good": report.is_good,
                "entry_count": report.entry_count,
                "last_good_seq": report.last_good_seq,
                "head_hash": report.head_hash.hex(),
                "snapshot_count": report.snapshot_count,
                "problems": [{"seq": item.seq, "what": item.what} for item in report.problems],
                "truncations": [
                    {"keep_seq": cut.keep_seq, "lost_count": cut.lost_count, "backup": cut.backup}
                    for cut in report.truncations
                ],
                "findings": list(findings) if plant else None,
            }
        )
    else:
        lines = report_lines(report) + [f"FOUND at {finding}" for finding in findings]
        typer.echo("\n".join(lines if findings or not plant else [*lines, "no rule broken"]))
    if not report.is_good:
        raise CheckFailedError(
            f"journal {report.path} is damaged after entry {report.last_good_seq};"
            f" `roundsman journal truncate --keep {report.last_good_seq}` keeps what is whole"
        )

    if findings:
        raise CheckFailedError(f"journal {report.path} shows broken rules; first: {findings[0]}")


def _audit(path: Path, plant: str) -> tuple[str, ...]:
    """What the entries say against the rules of the fleet, on a map."""
    from coordinator.runtime.audit import audit_entries
    from coordinator.runtime.recovery import UnknownRecordError

    try:
        return audit_entries(read_entries(path), load_plant(plant))
    except UnknownRecordError as error:
        raise CheckFailedError(f"journal {path}: {error}") from error


@journal.command("show")
def show_journal(
    data: Data,
    *,
    after: Annotated[int, typer.Option("--after", min=0, help="Only entries behind this number.")] = 0,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many, the newest ones.")] = 20,
    kind: Annotated[str, typer.Option("--kind", help="Only of this kind, such as MissionCreated.")] = "",
    text: Annotated[str, typer.Option("--grep", help="Only those whose content has this text.")] = "",
    as_json: Json = False,
) -> None:
    """Show entries, checked as they are read. JSON: one line each."""
    with _store_errors():
        entries = read_entries(journal_path(data), after)
        chosen = (item for item in entries if kind in {"", item.kind} and text.encode() in item.body)
        wanted = deque(chosen, maxlen=limit)
    if as_json:
        for entry in wanted:
            print_json(_entry_data(entry), one_line=True)
    else:
        rows = [
            (str(entry.seq), instant(entry.at_s), entry.kind, entry.body.decode(errors="replace")) for entry in wanted
        ]
        print_table(("#ENTRY", "AT", "KIND", "CONTENT"), rows, empty="no such entries")


def read_entries(path: Path, after_seq: int = 0) -> Iterator[Entry]:
    """
    Entries behind a number, each checked; takes no lock that the writer waits for.

    Raises:
        StoreError: If there's no journal, or it's damaged.
    """
    from coordinator.store.glance import read_entries

    return read_entries(path, after_seq)


def _entry_data(entry: Entry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "at_s": entry.at_s,
        "kind": entry.kind,
        "record": json.loads(entry.body),
        "hash": entry.hash.hex(),
    }


@journal.command("replay")
def replay_journal(data: Data, *, as_json: Json = False) -> None:
    """Fold the whole journal of a stopped coordinator to its state, and compare with the newest snapshot."""
    import msgspec

    from coordinator.runtime.recovery import UnknownRecordError
    from coordinator.runtime.replay import replay
    from coordinator.store.journal import Journal

    path = journal_path(data)
    try:
        with _store_errors(), Journal.open(path, plant_id=_plant_id(path)) as opened:
            found = replay(opened)
    except UnknownRecordError as error:
        raise CheckFailedError(f"journal {path}: {error}") from error
    state = msgspec.to_builtins(found.state, str_keys=True)
    digest = hashlib.sha256(msgspec.json.encode(found.state, order="deterministic")).hexdigest()
    if as_json:
        differing_seq = found.differing_snapshot_seq
        print_json(
            {
                "last_seq": found.last_seq,
                "digest": digest,
                "differing_snapshot_seq": differing_seq,
                "state": state,
            }
        )
    else:
        typer.echo(f"entries {found.last_seq}, state {digest}")
        rows = [(key, str(len(value))) for key, value in state.items() if isinstance(value, dict | list)]
        print_table(("HOLDS", "#COUNT"), rows, empty="nothing")
    if found.differing_snapshot_seq is not None:
        raise CheckFailedError(
            f"the snapshot at entry {found.differing_snapshot_seq} isn't what the entries before it give"
        )


def _plant_id(path: Path) -> str:
    from coordinator.store.verify import verify

    return verify(path).plant_id


@journal.command("truncate")
def truncate_journal(
    data: Data,
    *,
    keep: Annotated[int, typer.Option("--keep", min=0, help="Last entry to keep; `verify` says which.")],
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Cut off the damaged end of a journal; an untouched copy is kept beside it. Asks first."""
    from coordinator.store.recover import truncate

    path = journal_path(data)
    ask(f"Drop every entry of {path} behind {keep}? What they say is lost", yes=yes)
    with _store_errors():
        report = truncate(path, keep)
    if as_json:
        print_json(
            {
                "path": str(report.path),
                "keep_seq": report.keep_seq,
                "lost_count": report.lost_count,
                "backup": str(report.backup),
            }
        )
    else:
        typer.echo(f"kept {report.keep_seq}, lost {report.lost_count}, copy in {report.backup}")
