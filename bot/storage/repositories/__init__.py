"""Functions on rows, one module a kind of thing; each takes an open session and is part of its transaction."""
