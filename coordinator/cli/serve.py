"""`roundsman serve`: the coordinator."""

from __future__ import annotations

import asyncio
import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coordinator.cli.children import end_with_stdin
from coordinator.cli.connection import parse_address
from coordinator.cli.exits import CheckFailedError, NotConnectedError, NotDoneError, UsageError
from coordinator.cli.options import DEFAULT_ADDRESS, DEFAULT_BULK_PORT, DEFAULT_HTTP_ADDRESS, Http, NoHttp, Plant
from coordinator.cli.plant_file import load_plant, plant_path
from coordinator.cli.ports import check_port_is_free

if TYPE_CHECKING:
    from coordinator.runtime.settings import ServiceSettings
    from coordinator.transport.server import Addresses

UntilStdinCloses = Annotated[bool, typer.Option("--until-stdin-closes", hidden=True)]


def serve(
    *,
    plant: Plant = "",
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="Settings, TOML; options win over it.")
    ] = None,
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help=f"Where to listen, else {DEFAULT_ADDRESS}.")
    ] = "",
    bulk_port: Annotated[
        int | None,
        typer.Option("--bulk-port", min=0, max=65535, help=f"Port for results, else {DEFAULT_BULK_PORT}."),
    ] = None,
    http: Http = "",
    no_http: NoHttp = False,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Journal and pictures, else roundsman-data.")
    ] = None,
    dev: Annotated[bool, typer.Option("--dev", help="gRPC reflection, and logs for people.")] = False,
    insecure_lab: Annotated[
        bool, typer.Option("--insecure-lab", help="Listen beyond this machine, without TLS.")
    ] = False,
    until_stdin_closes: UntilStdinCloses = False,
) -> None:
    """Run the coordinator of a plant until interrupted."""
    from coordinator.runtime.listener import choose_listener

    overrides: dict[str, object] = {}
    if plant:
        overrides["plant"] = plant_path(plant)
    elif config is None:
        raise UsageError("serve needs --plant, or --config with a file that names one")
    if listen or config is None:
        address = parse_address(listen or DEFAULT_ADDRESS, option="--listen")
        overrides |= {"listen.host": address.host, "listen.control_port": address.port}
    if bulk_port is not None or config is None:
        overrides["listen.observation_port"] = DEFAULT_BULK_PORT if bulk_port is None else bulk_port
    if no_http:
        if http:
            raise UsageError("--http and --no-http contradict each other")
        overrides["http.is_on"] = False
    elif http or config is None:
        address = parse_address(http or DEFAULT_HTTP_ADDRESS, option="--http")
        overrides |= {"http.host": address.host, "http.port": address.port}
    if data is not None:
        overrides["store.folder"] = data
    if dev:
        overrides["listen.dev"] = True
    if insecure_lab:
        overrides["listen.insecure_lab"] = True
    choose_listener()
    settings = _load(config, overrides)
    load_plant(str(settings.plant))
    _check_ports(settings)
    _log_to_stderr(for_people=dev or sys.stderr.isatty())
    if until_stdin_closes:
        end_with_stdin()
    _run(settings)


def _load(config: Path | None, overrides: dict[str, object]) -> ServiceSettings:
    from coordinator.config import ConfigError, load_settings

    try:
        return load_settings(config, overrides)
    except ConfigError as error:
        more = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
        raise UsageError(str(error).splitlines()[0] + more) from error


def _check_ports(settings: ServiceSettings) -> None:
    from coordinator.client.address import Address

    listen = settings.listen
    for port in (listen.control_port, listen.observation_port):
        check_port_is_free(Address(listen.host, port))
    if settings.http.is_on:
        check_port_is_free(Address(settings.http.host, settings.http.port), option="--http")


def _run(settings: ServiceSettings) -> None:
    from coordinator.runtime.service import serve as run

    def say(addresses: Addresses) -> None:
        typer.echo(
            f"coordinator of {settings.plant} at {addresses.host}:{addresses.control_port},"
            f" results at port {addresses.observation_port}, data in {settings.store.folder}"
            + (f", control room at {addresses.http}" if addresses.http else "")
        )

    with _translated():
        asyncio.run(run(settings, ready=say))


@contextmanager
def _translated() -> Iterator[None]:
    from coordinator.runtime.recovery import UnknownRecordError
    from coordinator.store.errors import JournalForeignError, JournalInUseError, StoreError
    from coordinator.transport.server import InsecureAddressError

    try:
        yield
    except InsecureAddressError as error:
        raise UsageError(str(error)) from error
    except JournalForeignError as error:
        raise UsageError(f"{error}; choose another --data") from error
    except JournalInUseError as error:
        raise NotDoneError(f"{error}: a coordinator runs on it already") from error
    except StoreError as error:
        raise CheckFailedError(f"{error}; see `roundsman journal verify`") from error
    except UnknownRecordError as error:
        raise CheckFailedError(f"the journal was written by a newer version: {error}") from error
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EADDRNOTAVAIL):
            raise
        raise NotConnectedError(
            f"can't listen for the control room: {error.strerror}; choose another --http"
        ) from error
    except RuntimeError as error:
        if "bind" not in str(error):
            raise
        # Taken between our look and the server's.
        raise NotConnectedError(f"can't listen: {error}") from error


def _log_to_stderr(*, for_people: bool) -> None:
    import structlog

    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()) if for_people else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        logger_factory=lambda *_: _StderrLogger(),
    )


class _StderrLogger:
    """Writes lines to stderr. A log that can't be written, as on a full disk, mustn't stop the coordinator."""

    def msg(self, message: str) -> None:
        """Write a line, if that is possible."""
        with suppress(OSError, ValueError):
            print(message, file=sys.stderr, flush=True)  # noqa: T201 - this is where logs are written

    log = debug = info = warn = warning = err = error = critical = fatal = failure = exception = msg
