"""Asks the coordinator for the plant's graph, and keeps the newest on the robot's disk for a start without a link."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from agent.channels import CONTROL, open_channel
from agent.graph import Graph, graph_of
from agent.retry import AgentRefusedError
from roundsman.v1.graph_pb2 import GetGraphRequest, GetGraphResponse
from roundsman.v1.session_pb2_grpc import AgentServiceStub

LOG = logging.getLogger("agent")
ASK_TIMEOUT_S = 5.0
RETRY_S = 2.0


async def obtain_graph(address: str, credentials: grpc.ChannelCredentials | None, kept: Path) -> Graph:
    """
    The coordinator's graph; when it can't be asked, the one kept before. Without either it asks again for ever.

    Args:
        address: host:port of the coordinator's control.
        credentials: For TLS; None: in the clear.
        kept: File of the newest graph; its folder exists.

    Raises:
        AgentRefusedError: The coordinator is too old to know the call.
        OSError: The file can't be written.
    """
    async with open_channel(address, CONTROL, credentials) as channel:
        while True:
            try:
                answer = await AgentServiceStub(channel).GetGraph(GetGraphRequest(), timeout=ASK_TIMEOUT_S)
            except grpc.aio.AioRpcError as error:
                if error.code() is grpc.StatusCode.UNIMPLEMENTED:
                    raise AgentRefusedError(f"coordinator {address} doesn't give its graph: it is too old") from error
                if (graph := _kept_graph(kept)) is not None:
                    LOG.warning("graph_kept address=%s reason=%r digest=%s", address, error.details(), graph.digest)
                    return graph
                LOG.warning("graph_missing address=%s reason=%r retry_s=%.1f", address, error.details(), RETRY_S)
                await asyncio.sleep(RETRY_S)
                continue
            graph = graph_of(answer)
            part = kept.with_suffix(".part")
            part.write_bytes(answer.SerializeToString())
            part.replace(kept)
            return graph


def _kept_graph(path: Path) -> Graph | None:
    try:
        return graph_of(GetGraphResponse.FromString(path.read_bytes()))
    except (OSError, DecodeError, ValueError):
        return None
