"""Danger first: what is urgent, and what is said at once. Imports `bot.model`, `bot.i18n`, `bot.phrases`, `knowledge`."""
