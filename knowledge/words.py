"""The few fixed words around an answer, in English; whoever composes hands them in translated. Imports nothing."""

DIRECTORY = "directory"
"""The context of translations of what a service is called and when it is open."""
STEPS = "What you can do now:"
SOURCE = "Source: {sources}. Checked on {date}."
CHECKED = "Checked on {date}."
PLEASE_CHECK = "This was due to be checked again: please ask before you rely on it."
CHECK_NUMBER = "please check this number"
DRAFT = "This translation was made by a machine. No person has checked it yet."
DRAFT_SMS = "Translated by a machine."
STALE = "The English text of this answer has changed since it was translated."
ONLY_INSIDE = "works only inside {country}"
NO_EMERGENCY = "the emergency number of the country you are in"
NO_SERVICE = "We have no checked number for this yet. A person at the centre can look for one."
ALL = (
    STEPS,
    SOURCE,
    CHECKED,
    PLEASE_CHECK,
    CHECK_NUMBER,
    DRAFT,
    ONLY_INSIDE,
    NO_EMERGENCY,
    NO_SERVICE,
    DRAFT_SMS,
    STALE,
)
