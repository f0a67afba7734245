"""Danger first: what is urgent, and what is said at once. Imports `model`, `i18n`, `phrases` and `knowledge`."""
