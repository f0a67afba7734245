"""A QR code on the terminal."""

import io

import segno


def drawn(url: str) -> str:
    """`url` as a QR code in block characters, dark on light whatever the terminal's colours."""
    out = io.StringIO()
    segno.make(url, error="m").terminal(out=out, compact=True)
    return out.getvalue()
