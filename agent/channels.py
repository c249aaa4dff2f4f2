"""Two connections to the coordinator, so that no picture ever delays a stop."""

from __future__ import annotations

import grpc
import grpc.aio

ChannelOptions = list[tuple[str, int]]

# Reconnecting: 200 ms doubling to 2 s; min_reconnect_backoff_ms is the time-out of one attempt to connect.
_RECONNECT: ChannelOptions = [
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.max_reconnect_backoff_ms", 2000),
    ("grpc.max_receive_message_length", 4 << 20),
    ("grpc.enable_http_proxy", 0),
    # Channels of equal options would share one connection.
    ("grpc.use_local_subchannel_pool", 1),
]

# keepalive_timeout_ms alone never notices a frozen peer; ping_timeout_ms does. DSCP 46: expedited forwarding.
CONTROL: ChannelOptions = [
    *_RECONNECT,
    ("grpc.keepalive_time_ms", 2000),
    ("grpc.keepalive_timeout_ms", 2000),
    ("grpc.http2.ping_timeout_ms", 2000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.dscp", 46),
]

# DSCP 10 gives way to everything else.
OBSERVATIONS: ChannelOptions = [
    *_RECONNECT,
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5000),
    ("grpc.http2.ping_timeout_ms", 5000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.dscp", 10),
]


def open_channel(
    address: str, options: ChannelOptions, credentials: grpc.ChannelCredentials | None
) -> grpc.aio.Channel:
    """A channel to host:port; without credentials it is in the clear."""
    if credentials is None:
        return grpc.aio.insecure_channel(address, options=options)
    return grpc.aio.secure_channel(address, credentials, options=options)


async def settle(channel: grpc.aio.Channel) -> None:
    """Wait until the channel is connected, or has found out that it can't be. No time-out of its own."""
    state = channel.get_state(try_to_connect=True)
    while state not in (grpc.ChannelConnectivity.READY, grpc.ChannelConnectivity.TRANSIENT_FAILURE):
        await channel.wait_for_state_change(state)
        state = channel.get_state(try_to_connect=True)
