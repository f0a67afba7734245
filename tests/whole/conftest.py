"""One running Safar for all tests of the whole that do not break it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.whole.running import Person, Running


@pytest.fixture(scope="session")
def safar(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("safar"), {"SAFAR_CENTRE_NAME": "Doha Centre"}).start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def person(safar: Running) -> Iterator[Callable[..., Person]]:
    people: list[Person] = []

    def come(language: str = "en") -> Person:
        people.append(Person(safar.url, language))
        return people[-1]

    yield come
    for one in people:
        one.close()
