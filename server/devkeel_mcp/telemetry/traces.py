"""OpenTelemetry spans: the SDK makes one for every message, and here they are sent, where that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel import __version__
from devkeel.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    from devkeel.disclosure.output import Disclosure

__all__ = ["flush_traces", "start_traces"]

_MILLISECONDS = 2_000


def start_traces(disclosure: Disclosure) -> None:
    """Send spans by OTLP over HTTP, as the variables OTEL_* say; raises UsageError `no_telemetry`."""
    try:
        from opentelemetry import trace  # noqa: PLC0415  (500 ms that only they pay who asked)
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415  (of the 500 ms)
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415  (of the 500 ms)
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415  (of the 500 ms)
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415  (of the 500 ms)
    except ImportError as error:
        raise UsageError(
            "no_telemetry",
            "The packages that send OpenTelemetry spans are not installed.",
            seen=error.name,
            remedy="Install devkeel[telemetry], or leave --traces out.",
        ) from error
    provider = TracerProvider(resource=Resource.create({"service.name": "devkeel", "service.version": __version__}))
    provider.add_span_processor(BatchSpanProcessor(_told(OTLPSpanExporter(), disclosure)))
    trace.set_tracer_provider(provider)


def _told(exporter: SpanExporter, disclosure: Disclosure) -> SpanExporter:
    """Return an exporter that sends of each span what may be shown: its names, attributes, events and states."""
    from opentelemetry.sdk.trace import Event, ReadableSpan  # noqa: PLC0415  (of the 500 ms)
    from opentelemetry.sdk.trace.export import SpanExporter  # noqa: PLC0415  (of the 500 ms)
    from opentelemetry.trace import Status  # noqa: PLC0415  (of the 500 ms)

    def safe(span: ReadableSpan) -> ReadableSpan:
        state = span.status
        told = disclosure.text(state.description) if state.description else None
        return ReadableSpan(
            name=disclosure.line(span.name),
            context=span.context,
            parent=span.parent,
            resource=span.resource,
            attributes=_treated(span.attributes, disclosure),
            events=[
                Event(disclosure.line(item.name), _treated(item.attributes, disclosure), item.timestamp)
                for item in span.events
            ],
            links=span.links,
            kind=span.kind,
            status=Status(state.status_code, told),
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
        )

    class Told(SpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            return exporter.export([safe(span) for span in spans])

        def shutdown(self) -> None:
            exporter.shutdown()

        def force_flush(self, timeout_millis: int = 30_000) -> bool:
            return exporter.force_flush(timeout_millis)

    return Told()


def _treated(attributes: Any, disclosure: Disclosure) -> Any:  # noqa: ANN401  (as spans have them)
    return disclosure.data(dict(attributes or {}))


def flush_traces() -> None:
    """Send what was not sent yet, for a process that ends without the interpreter's farewell."""
    from opentelemetry import trace  # noqa: PLC0415  (500 ms that only they pay who asked)

    flush = getattr(trace.get_tracer_provider(), "force_flush", None)
    if flush is not None:
        flush(_MILLISECONDS)
