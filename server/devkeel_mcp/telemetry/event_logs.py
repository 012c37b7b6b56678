"""Events as OpenTelemetry logs, each joined to the span in which it came about; they go where the spans go."""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from devkeel import __version__
from devkeel.deferred import Deferred

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry import trace
    from opentelemetry.sdk import _logs as sdk_logs

    from devkeel.events.bus import Events
    from devkeel.events.outlet import Handed
else:
    # 500 ms that only they pay who asked for traces.
    trace = Deferred("opentelemetry.trace")

__all__ = ["LogSink", "offer_logs"]

_MILLISECONDS = 2_000
_WARNINGS = frozenset({"denied", "failed", "diagnosed"})
# As the specification of OpenTelemetry's environment variables names it; here it switches logs on, as the settings of a
# project can.
_VARIABLE = "OTEL_LOGS_EXPORTER"


def offer_logs(events: Events) -> None:
    """Have events sent where spans are sent, if the settings of the project or OTEL_LOGS_EXPORTER say so."""
    if os.environ.get(_VARIABLE) == "otlp":
        events.attach(LogSink(), name="logs", hears=_span)
    else:
        events.offer("telemetry", lambda _: LogSink(), _span)


def _span() -> object:
    """Return in which span this thread is."""
    return trace.get_current_span()


class LogSink:
    """Hands events to a provider of logs, which sends them by OTLP over HTTP, in a thread of its own."""

    def __init__(self) -> None:
        self._provider: sdk_logs.LoggerProvider | None = None

    def deliver(self, handed: Sequence[Handed]) -> int:
        """Emit a log record for each event, and send them; the queue of this listener bounds what waits meanwhile."""
        from opentelemetry._logs import SeverityNumber  # noqa: PLC0415  (of the 500 ms)

        provider = self._started()
        logger = provider.get_logger("devkeel.events", __version__)
        for event, span in handed:
            severity = SeverityNumber.WARN if event.kind in _WARNINGS else SeverityNumber.INFO
            data = msgspec.to_builtins(event)
            logger.emit(
                timestamp=int(datetime.fromisoformat(event.time).timestamp() * 1_000) * 1_000_000,
                context=trace.set_span_in_context(span),
                severity_number=severity,
                severity_text=severity.name,
                body=msgspec.json.encode(event).decode(),
                attributes=_attributes(data),
                event_name=f"devkeel.{event.kind}",
            )
        provider.force_flush(_MILLISECONDS)
        return 0

    def _started(self) -> sdk_logs.LoggerProvider:
        if self._provider is None:
            from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter  # noqa: PLC0415  (of the 500 ms)
            from opentelemetry.sdk._logs import LoggerProvider  # noqa: PLC0415  (of the 500 ms)
            from opentelemetry.sdk._logs.export import BatchLogRecordProcessor  # noqa: PLC0415  (of the 500 ms)
            from opentelemetry.sdk.resources import Resource  # noqa: PLC0415  (of the 500 ms)

            told = Resource.create({"service.name": "devkeel", "service.version": __version__})
            self._provider = LoggerProvider(resource=told)
            self._provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
        return self._provider


def _attributes(data: dict[str, Any]) -> dict[str, Any]:
    """Return what attributes can hold of an event: plain values, and lists of words."""
    return {
        f"devkeel.{name}": value if isinstance(value, (str, int, float)) else list(value)
        for name, value in data.items()
        if name != "details"
    }
