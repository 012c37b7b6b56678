"""Pictures of a page that are small enough to keep: PNG with 256 colours; text and lines need no more."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

__all__ = ["keep"]

# The browser reads its own picture: its most frequent colours, and which of them each point is nearest to.
_INDEXED = """async (text) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const { data } = canvas.getImageData(0, 0, image.width, image.height);
  const points = new Uint32Array(data.length / 4);
  const times = new Map();
  for (let at = 0; at < points.length; at += 1) {
    const colour = (data[4 * at] << 16) | (data[4 * at + 1] << 8) | data[4 * at + 2];
    points[at] = colour;
    times.set(colour, (times.get(colour) ?? 0) + 1);
  }
  const colours = [...times].sort((one, other) => other[1] - one[1] || one[0] - other[0]).map(([colour]) => colour);
  const palette = colours.slice(0, 256);
  const nearest = new Map(palette.map((colour, at) => [colour, at]));
  const part = (one, other, by) => (((one >> by) & 255) - ((other >> by) & 255)) ** 2;
  const apart = (one, other) => part(one, other, 16) + part(one, other, 8) + part(one, other, 0);
  for (const colour of colours.slice(256)) {
    let best = 0;
    palette.forEach((other, at) => { if (apart(colour, other) < apart(colour, palette[best])) best = at; });
    nearest.set(colour, best);
  }
  let indices = "";
  for (const point of points) indices += String.fromCharCode(nearest.get(point));
  return { width: image.width, height: image.height, palette, indices: btoa(indices) };
}"""


def keep(page: Page, browser: Browser, path: Path) -> None:
    """Write what a page shows to a file."""
    shown = page.screenshot(animations="disabled", caret="hide")
    beside = browser.new_page()
    told = beside.evaluate(_INDEXED, base64.b64encode(shown).decode())
    beside.close()
    width, points = told["width"], base64.b64decode(told["indices"])
    rows = (b"\0" + points[at : at + width] for at in range(0, len(points), width))
    parts = (
        ("IHDR", struct.pack(">IIBBBBB", width, told["height"], 8, 3, 0, 0, 0)),
        ("PLTE", b"".join(colour.to_bytes(3, "big") for colour in told["palette"])),
        ("IDAT", zlib.compress(b"".join(rows), 9)),
        ("IEND", b""),
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name.encode(), data) for name, data in parts))


def _chunk(name: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG file (PNG specification, 5.3)."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
