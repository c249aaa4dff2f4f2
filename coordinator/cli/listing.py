"""How each listing is shown: once or as it changes, as a table or as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from coordinator.cli.connection import connected
from coordinator.cli.exits import NotConnectedError
from coordinator.cli.output import console, print_json, print_table, show, table

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from rich.console import RenderableType

    from roundsman.v1.fleet_pb2 import FleetState

WATCH_PERIOD_S = 1.0
Picture = TypeVar("Picture")


@dataclass(frozen=True, slots=True)
class Listing:
    """
    One table over a picture of the fleet.

    Attributes:
        columns: Their headings; `#` before one of numbers.
        pick: The things to list.
        row: The cells of one thing.
        empty: What to say when there are none.
    """

    columns: tuple[str, ...]
    pick: Callable[[FleetState], Sequence[Message]]
    row: Callable[[Any, FleetState], tuple[str, ...]]
    empty: str

    def data(self, fleet: FleetState) -> list[dict[str, Any]]:
        """The things as plain data."""
        from coordinator.client import as_data

        return [as_data(item) for item in self.pick(fleet)]

    def rows(self, fleet: FleetState) -> list[tuple[str, ...]]:
        """The things as cells."""
        return [self.row(item, fleet) for item in self.pick(fleet)]

    def render(self, fleet: FleetState) -> RenderableType:
        """The table, or the words for an empty one."""
        rows = self.rows(fleet)
        return table(self.columns, rows) if rows else self.empty

    def show(self, coordinator: str, timeout_s: float, *, as_json: bool, watch: bool) -> None:
        """Print it once, or go on until interrupted."""
        show_fleet(coordinator, timeout_s, as_json=as_json, watch=watch, data=self.data, view=self)


def show_fleet(
    coordinator: str,
    timeout_s: float,
    *,
    as_json: bool,
    watch: bool,
    data: Callable[[FleetState], Any],
    view: Listing | Callable[[FleetState], RenderableType],
) -> None:
    """
    Show what `data` and `view` make of the fleet.

    Raises:
        NotConnectedError: If the coordinator can't be reached or ends a watch.
    """
    render = view.render if isinstance(view, Listing) else view
    with connected(coordinator, timeout_s) as client:
        if not watch:
            _print(client.fleet(), as_json=as_json, data=data, view=view)
            return
        follow(client.watch(period_s=WATCH_PERIOD_S), coordinator, as_json=as_json, data=data, render=render)


def follow(
    pictures: Iterable[Picture],
    coordinator: str,
    *,
    as_json: bool,
    data: Callable[[Picture], Any],
    render: Callable[[Picture], RenderableType],
) -> NoReturn:
    """
    Show pictures as they come: one below the other as JSON, one in place of the other as tables.

    Raises:
        NotConnectedError: When they end.
    """
    if as_json:
        for picture in pictures:
            print_json(data(picture), one_line=True)
    else:
        from rich.live import Live

        with Live(console=console(), auto_refresh=False, screen=False) as live:
            for picture in pictures:
                live.update(render(picture), refresh=True)
    raise NotConnectedError(f"the coordinator at {coordinator} ended the watch")


def _print(
    fleet: FleetState,
    *,
    as_json: bool,
    data: Callable[[FleetState], Any],
    view: Listing | Callable[[FleetState], RenderableType],
) -> None:
    if as_json:
        print_json(data(fleet))
    elif isinstance(view, Listing):
        print_table(view.columns, view.rows(fleet), empty=view.empty)
    else:
        show(view(fleet))
