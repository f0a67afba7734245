"""The web chat: a page for a cheap phone and the plain HTTP interface beneath it (`docs/openapi.yml`)."""
