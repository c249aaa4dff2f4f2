"""The operator's connection: address, principal, and the client's errors as exits."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from coordinator.cli.exits import NotConnectedError, NotDoneError, UsageError

if TYPE_CHECKING:
    from coordinator.client import Address, FleetClient
    from roundsman.v1.fleet_pb2 import CallResult

DEFAULT_TIMEOUT_S = 10.0


def parse_address(text: str, *, option: str) -> Address:
    """
    An address that a person typed.

    Raises:
        UsageError: If it isn't one.
    """
    from coordinator.client.address import Address, AddressError

    try:
        return Address.parse(text)
    except AddressError as error:
        raise UsageError(f"{option}: {error}") from error


def principal() -> str:
    """The operator's name for the audit: who is logged in."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


@contextmanager
def connected(coordinator: str, timeout_s: float) -> Iterator[FleetClient]:
    """
    A client for one command.

    Raises:
        NotConnectedError: If nobody answers.
        NotDoneError: If the coordinator refuses a call.
        UsageError: If the address is none.
    """
    address = parse_address(coordinator, option="--coordinator")
    # Importing grpc costs more than all other commands need together.
    from coordinator.client import ClientError, FleetClient, RefusedError

    try:
        with FleetClient(address, principal=principal(), timeout_s=timeout_s) as client:
            yield client
    except RefusedError as error:
        raise NotDoneError(f"refused: {error}") from error
    except ClientError as error:
        raise NotConnectedError(str(error)) from error


def call_key(key: str) -> str:
    """The key of a call: the one given, or a new one."""
    from coordinator.client.fleet import new_key

    return key or new_key()


def ask(question: str, *, yes: bool) -> None:
    """
    Let a person confirm.

    Raises:
        NotDoneError: If they say no, or nobody is there to answer.
    """
    if yes:
        return
    try:
        agreed = typer.confirm(question, err=True)
    except typer.Abort:
        typer.echo(err=True)
        raise NotDoneError("nothing was done: nobody answered; scripts say --yes") from None
    if not agreed:
        raise NotDoneError("nothing was done")


def report(result: CallResult, *, as_json: bool) -> None:
    """Say what a mutating call did."""
    if as_json:
        from coordinator.cli.output import print_json
        from coordinator.client import as_data

        print_json(as_data(result))
    elif result.text and result.subject and result.subject not in result.text:
        typer.echo(f"{result.subject}: {result.text}")
    else:
        typer.echo(result.text or result.subject or "done")
