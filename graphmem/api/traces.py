"""Traces by OpenTelemetry: a span a request, sent where the standard's own variables say."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from fastapi import FastAPI
from opentelemetry.trace import Span

from graphmem.errors import SettingsError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

_ADDRESSES = ("http.url", "http.target")
_QUERY = "url.query"


def trace(app: FastAPI, *, queries: bool = False) -> Callable[[], None]:
    """Let each request be a span, with the stages of a search on it; what is returned sends the last ones at the end.

    `queries` tells whether their addresses have query strings, in which users' words may be. Raises SettingsError
    without the packages.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor  # noqa: PLC0415
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as exc:
        raise SettingsError("GRAPHMEM_TRACES=on needs more packages: pip install 'graphmem[traces]'.") from exc
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: "graphmem"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    FastAPIInstrumentor.instrument_app(
        app,
        tracer_provider=provider,
        excluded_urls="healthz,readyz,metrics",
        exclude_spans=["receive", "send"],
        server_request_hook=None if queries else _without_query,
    )
    return provider.shutdown


def _without_query(span: Span, _: dict[str, Any]) -> None:
    """Leave only the path of a span's addresses, by the names of the older and of the newer conventions."""
    told = cast("ReadableSpan", span).attributes if span.is_recording() else None
    for name, value in dict(told or {}).items():
        if name in _ADDRESSES:
            span.set_attribute(name, str(value).partition("?")[0])
        elif name == _QUERY:
            span.set_attribute(name, "")
