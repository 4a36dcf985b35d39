"""Traces by OpenTelemetry: a span a request, sent where the standard's own variables say."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI

from graphmem.errors import SettingsError


def trace(app: FastAPI) -> Callable[[], None]:
    """Let each request be a span, with the stages of a search on it; what is returned sends the last ones at the end.

    Raises SettingsError without the packages.
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
        app, tracer_provider=provider, excluded_urls="healthz,readyz,metrics", exclude_spans=["receive", "send"]
    )
    return provider.shutdown
