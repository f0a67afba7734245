"""What a check is, what it looks at and what it says. PURE; imports `knowledge.model` only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from knowledge.model import Entry, Service, Source


@dataclass(frozen=True)
class Text:
    """One text in one language. `source` is what it translates, or empty where it is itself the source."""

    where: str
    text: str
    language: str = "en"
    source: str = ""

    @property
    def field(self) -> str:
        """The last word of where it stands: answer, sms, title, or the number of a step."""
        return self.where.rpartition(".")[2]


@dataclass(frozen=True)
class Asked:
    """An entry by its ways of asking: how many of them find it when they are left out, and which entry they find most
    instead, with how many."""

    entry: str
    lines: int
    found: int
    instead: str = ""
    mistaken: int = 0


@dataclass(frozen=True)
class Setting:
    """What checks need to know beside their subject. `scripts`: of each language, as Unicode names its letters."""

    today: date
    segments: Callable[[str], int]
    scripts: Mapping[str, str] = field(default_factory=dict)
    rtl: frozenset[str] = frozenset()


Subject = Text | Entry | Service | Asked
Find = Callable[[Subject, Setting], str | None]


@dataclass(frozen=True)
class Check:
    """`find` gives a sentence for a bad subject and None for a good one. `must`: mend it before it is published.

    `good` and `bad` are examples for whoever reads about the check; a test runs it over them.
    """

    id: str
    description: str
    find: Find
    must: bool
    good: tuple[Subject, ...]
    bad: tuple[Subject, ...]


def check(good: tuple[Subject, ...], bad: tuple[Subject, ...], must: bool = True) -> Callable[[Find], Check]:
    """Make a check of a function: its name is the id, its docstring the description."""
    return partial(_made, good=good, bad=bad, must=must)


def _made(find: Find, good: tuple[Subject, ...], bad: tuple[Subject, ...], must: bool) -> Check:
    return Check(getattr(find, "__name__", ""), (find.__doc__ or "").strip(), find, must, good, bad)


SOURCE = Source("The convention", "https://example.org/convention", "2026-11-23")
ENTRY = Entry(
    id="passport_kept",
    topic="passport_confiscation",
    stages=("abroad",),
    audience=("workers",),
    risk="high",
    title="My employer keeps my passport",
    answer="In danger? Call {emergency}. Your passport is yours. Advice:\n{hotline:labour}",
    sms="In danger: {emergency}. Advice: {hotline:labour}",
    steps=("Make a copy.",),
    sources=(SOURCE,),
    checked_on=date(2026, 11, 23),
    review_by=date(2027, 2, 23),
    owner="centre",
)
"""An entry with nothing to mend, for examples."""
SERVICE = Service(
    id="sa_labour",
    country="SA",
    kind="labour",
    name="Labour line",
    phone="19911",
    source=SOURCE,
    checked_on=date(2026, 11, 23),
    review_by=date(2027, 2, 23),
)
"""A service with nothing to mend, for examples."""
EXAMPLE_SETTING = Setting(
    date(2026, 12, 1),
    lambda text: -(-len(text) // 153),
    {"en": "LATIN", "fr": "LATIN", "ne": "DEVANAGARI", "ar": "ARABIC", "am": "ETHIOPIC"},
    frozenset({"ar"}),
)
"""What the examples are checked with."""
