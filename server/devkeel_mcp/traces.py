"""OpenTelemetry spans: the SDK makes one for every message, and here they are sent, where that is asked for."""

from __future__ import annotations

from devkeel import __version__
from devkeel.errors import UsageError

__all__ = ["flush_traces", "start_traces"]

_MILLISECONDS = 2_000


def start_traces() -> None:
    """Send spans by OTLP over HTTP, as the variables OTEL_* say; raises UsageError `no_telemetry`."""
    try:
        from opentelemetry import trace  # noqa: PLC0415  (half a second that only they pay who asked)
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(
            "no_telemetry",
            "The packages that send OpenTelemetry spans are not installed.",
            seen=error.name,
            remedy="Install devkeel[telemetry], or leave --traces out.",
        ) from error
    provider = TracerProvider(resource=Resource.create({"service.name": "devkeel", "service.version": __version__}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


def flush_traces() -> None:
    """Send what was not sent yet, for a process that ends without the interpreter's farewell."""
    from opentelemetry import trace  # noqa: PLC0415  (the SDK has loaded it)

    flush = getattr(trace.get_tracer_provider(), "force_flush", None)
    if flush is not None:
        flush(_MILLISECONDS)
