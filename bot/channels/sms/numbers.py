"""Phone numbers as addresses: one person, one spelling. PURE; imports `phonenumbers` only.

A number is rewritten to E.164 only when it can mean just one thing; otherwise it stays as the gateway wrote it, because
that spelling is the one that certainly reaches the person who wrote.
"""

import re

import phonenumbers

SHORT_CODE = 6
"""Digits; nobody has so short a number, services do."""


def normalise(raw: str, region: str | None = None) -> str:
    """`raw` as E.164 where that is certain. `region` (ISO 3166-1) is where the gateway's own number is.

    Short codes and alphanumeric senders come back as they are, without outer space.
    """
    raw = raw.strip()
    if not is_number(raw):
        return raw
    digits = re.sub(r"[^\d+]", "", raw)
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    meanings = {_e164(digits, None)} if digits.startswith("+") else {_e164(digits, region), _e164("+" + digits, None)}
    meanings.discard(None)
    return meanings.pop() or digits if len(meanings) == 1 else digits


def is_number(address: str) -> bool:
    """Whether `address` is written in digits, so neither an alphanumeric sender nor nothing."""
    return address.isascii() and bool(re.fullmatch(r"\+?[\d\s().-]*\d[\d\s().-]*", address))


def is_person(address: str) -> bool:
    """Whether a person can be behind `address` (normalised): not for short codes and alphanumeric senders."""
    return is_number(address) and (len(address) > SHORT_CODE or address.startswith("+"))


def region_of(number: str) -> str | None:
    """The country (ISO 3166-1) of an E.164 number, None when there is none."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return None


def _e164(number: str, region: str | None) -> str | None:
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
