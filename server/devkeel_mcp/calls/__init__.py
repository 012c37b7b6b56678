"""A tool call: what is offered, its arguments, the person asked, the library run beside the event loop."""

__all__: list[str] = []
