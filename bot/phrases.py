"""The fixed texts of `domain.yml`, said by the desk itself in a person's language. Imports `model`, `settings`, `i18n`.

Rasa says the same texts through its NLG; the desk needs them when Rasa is not asked (STOP, a voice message) or can't be
(it is down). One place for translators: the responses of `domain.yml`, catalogue domain `bot`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.i18n import Locales, from_settings
from bot.model.errors import SetupError
from bot.model.messages import Button, Reply
from bot.settings import ROOT, Settings, read
from knowledge.words import DIRECTORY

Values = Mapping[str, object]
EVERY_LANGUAGE = "language:all"
"""The payload in `domain.yml` that stands for a button of each language."""


@dataclass(frozen=True)
class _Response:
    text: str
    sms: str | None
    buttons: tuple[Button, ...]
    meta: Mapping[str, object]


class Phrases:
    """Responses by name. `common` are values every text may use ({centre_name}, {centre_hours}, {centre_phone})."""

    def __init__(self, domain: Path, locales: Locales, common: Values) -> None:
        self._locales = locales
        self._common = common
        self._responses = _read(domain)

    def __contains__(self, name: str) -> bool:
        return name in self._responses

    def reply(self, name: str, tag: str, values: Values | None = None) -> Reply:
        """The response `name` in the language `tag` with its {placeholders} filled. Raises `KeyError` if unknown."""
        response = self._responses[name]
        filled = {**self._common, **(values or {})}
        said = self._locales.say(response.text, tag)
        buttons = tuple(button for b in response.buttons for button in self._buttons(b, tag, filled))
        sms = fill(self._locales.say(response.sms, tag).text, filled) if response.sms else None
        return Reply(fill(said.text, filled), said.language, sms, buttons, meta={**response.meta, "draft": said.draft})

    def label(self, text: str, tag: str) -> str:
        """The name of a service of the directory in a language."""
        return self._locales.say(text, tag, "knowledge", DIRECTORY).text

    def _buttons(self, button: Button, tag: str, filled: Values) -> Iterable[Button]:
        """The button; the one for every language as one for each of those that have a folder."""
        if button.payload == EVERY_LANGUAGE:
            return [Button(spoken.native, f"language:{other}") for other, spoken in self._locales.languages.items()]
        return [Button(fill(self._locales.say(button.label, tag).text, filled), button.payload)]

    def text(self, name: str, tag: str, values: Values | None = None) -> str:
        """Only the text of the response."""
        return self.reply(name, tag, values).text


def standard(settings: Settings | None = None) -> Phrases:
    """The phrases of this checkout, with the centre's values from the settings."""
    chosen = settings or read()
    locales = from_settings(chosen)
    return Phrases(ROOT / "domain.yml", locales, common(chosen))


def common(settings: Settings) -> Values:
    """What every text may say about the centre."""
    contact = ", ".join(part for part in (settings.centre_hours, settings.centre_phone) if part)
    return {
        "centre_name": settings.centre_name,
        "centre_contact": contact,
        "retention_days": settings.retention_days,
    }


def fill(text: str, values: Values) -> str:
    """`text` with each {name} of `values` replaced; other braces stay as they are, so that no input can break it."""
    for name, value in values.items():
        text = text.replace("{" + name + "}", str(value))
    return text


def _read(path: Path) -> dict[str, _Response]:
    try:
        raw: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["responses"]
        return {name: _response(variants) for name, variants in raw.items()}
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as bad:
        message = f"Mend {path.name}: {' '.join(str(bad).split())}."
        raise SetupError(message) from bad


def _response(variants: list[dict[str, Any]]) -> _Response:
    plain = next(v for v in variants if v.get("channel") is None)
    sms = next((v["text"].strip() for v in variants if v.get("channel") == "sms"), None)
    buttons = tuple(Button(b["title"], b["payload"]) for b in plain.get("buttons", ()))
    return _Response(plain["text"].strip(), sms, buttons, plain.get("metadata", {}))
