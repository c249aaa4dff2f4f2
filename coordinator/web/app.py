"""The whole control room as one ASGI application."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp

from coordinator.web.commands import command_routes
from coordinator.web.guard import Guard
from coordinator.web.health import health_routes
from coordinator.web.history import history_routes
from coordinator.web.live import LiveView
from coordinator.web.metrics import CONTENT_TYPE, Metrics
from coordinator.web.pages import Page, Pages, send_page
from coordinator.web.plant_drawing import draw_plant
from coordinator.web.problem import answer_problems
from coordinator.web.sources import Sources
from coordinator.web.views import JSON, view_routes

DESCRIPTION = """
The same picture and the same commands as gRPC's `roundsman.v1.FleetService`. Every request that changes something is
JSON, may carry an `Idempotency-Key`, names its operator in `Roundsman-Operator`, is journaled before it is answered,
and is audited. Times are Unix seconds of the coordinator's timeline, angles radians, lengths metres in the map frame.
`/api/v1/live` is a WebSocket (docs/control-room.md). Errors have one form: `{"error": {"code", "text", "field"}}`.

Not a safety function: to stop goes over a radio link. Emergency stops are the robots' own.
"""


def make_app(sources: Sources) -> ASGIApp:
    """Everything behind the guard."""
    app = FastAPI(
        title="Roundsman",
        version=_version(),
        description=DESCRIPTION,
        openapi_url="/api/openapi.json",
        # Their pages load scripts from elsewhere; ours are in the package.
        docs_url=None,
        redoc_url=None,
    )
    answer_problems(app)
    live = LiveView(sources.pictures, sources.plant)
    for router in (
        view_routes(sources),
        command_routes(sources.calls),
        history_routes(sources.history),
        health_routes(sources),
    ):
        app.include_router(router)
    app.router.routes += [
        WebSocketRoute("/api/v1/live", live.serve),
        *_pages(sources, Metrics(sources, lambda: live.viewer_count)),
    ]
    return Guard(app)


def _pages(sources: Sources, metrics: Metrics) -> list[Route]:
    pages = Pages()
    drawing = Page(draw_plant(sources.plant), JSON, "default-src 'none'")

    async def index(request: Request) -> Response:
        return pages.answer(request, "index.html")

    async def page(request: Request) -> Response:
        return pages.answer(request, request.path_params["name"])

    async def icon(request: Request) -> Response:
        return RedirectResponse("/static/icon.svg")

    async def api_docs(request: Request) -> Response:
        return pages.answer(request, "api.html")

    async def drawn(request: Request) -> Response:
        return send_page(request, drawing)

    async def scraped(request: Request) -> Response:
        return Response(metrics.text(), headers={"content-type": CONTENT_TYPE})

    return [
        Route("/", index),
        Route("/favicon.ico", icon),
        Route("/api/docs", api_docs),
        Route("/api/v1/drawing", drawn),
        Route("/metrics", scraped),
        Route("/static/{name:path}", page),
    ]


def _version() -> str:
    try:
        return version("roundsman")
    except PackageNotFoundError:
        return "0"
