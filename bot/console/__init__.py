"""The staff console: server-rendered pages, live by server-sent events. Imports everything up to `wiring`."""
