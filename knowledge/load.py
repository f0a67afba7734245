"""The whole knowledge base from its files. Imports `knowledge` only; raises `KnowledgeError` with file and line."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from knowledge import placeholders, schema
from knowledge.exchange import NOTHING
from knowledge.model import Entry, Knowledge, Negative, Question, Service
from knowledge.reading import Node, read


def load(knowledge: Path, locales: Path) -> Knowledge:
    """Topics, entries, directory and questions, checked against each other."""
    topics = _topics(knowledge / "topics.yml")
    services = _services(sorted((knowledge / "directory").glob("*.yml")))
    entries = _entries(sorted((knowledge / "entries").glob("*/*.yml")), topics)
    _check_references(entries, services)
    questions = _questions(sorted(locales.glob("*/questions.yml")), {entry.id for entry, _ in entries.values()})
    files = [*knowledge.glob("*.yml"), *knowledge.glob("*/**/*.yml"), *locales.glob("*/questions.yml")]
    found = {key: entry for key, (entry, _) in entries.items()}
    return Knowledge(found, services, questions, topics, digest(files, knowledge.parent), _negatives(knowledge, topics))


def digest(files: Iterable[Path], root: Path) -> str:
    """One SHA-256 over the names and contents of files."""
    total = hashlib.sha256()
    for path in sorted(set(files)):
        name = str(path.relative_to(root)) if path.is_relative_to(root) else path.name
        total.update(f"{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _topics(path: Path) -> dict[str, str]:
    root = read(path).mapping(["topics"])["topics"]
    return {key: schema.topic(node) for key, node in root.block().items()}


def _entries(paths: Iterable[Path], topics: dict[str, str]) -> dict[str, tuple[Entry, Node]]:
    entries: dict[str, tuple[Entry, Node]] = {}
    for path in paths:
        node = read(path)
        entry = schema.entry(node, topics)
        if entry.id != path.stem or entry.topic != path.parent.name:
            raise node.fail(f"the file of this entry must be {entry.topic}/{entry.id}.yml.")
        if entry.id in entries:
            raise node.fail(f"there is another entry {entry.id!r}.")
        entries[entry.id] = (entry, node)
    return entries


def _services(paths: Iterable[Path]) -> dict[str, Service]:
    services: dict[str, Service] = {}
    for path in paths:
        for node in read(path).mapping(["services"])["services"].children():
            service = schema.service(node, path.stem)
            if service.id in services:
                raise node.fail(f"there is another service {service.id!r}.")
            services[service.id] = service
    return services


def _questions(paths: Iterable[Path], entries: set[str]) -> tuple[Question, ...]:
    result: list[Question] = []
    for path in paths:
        seen: set[str] = set()
        for question, node in schema.questions(read(path), path.parent.name):
            if question.entry not in entries:
                raise node.fail(f"there is no entry {question.entry!r}.")
            if question.text.casefold() in seen:
                raise node.fail(f"this question is there twice: {question.text!r}.")
            seen.add(question.text.casefold())
            result.append(question)
    return tuple(result)


def _negatives(knowledge: Path, topics: dict[str, str]) -> tuple[Negative, ...]:
    path = knowledge / "negatives.yml"
    return tuple(schema.negatives(read(path), topics, NOTHING)) if path.exists() else ()


def texts(entry: Entry) -> Iterable[tuple[str, str]]:
    """Everything of an entry that is translated: (field, text), with the fields' names as in the catalogues."""
    yield "title", entry.title
    yield from _texts(entry.answer, entry.sms, entry.steps)
    for number, variant in enumerate(entry.variants):
        for field, text in _texts(variant.answer, variant.sms, variant.steps):
            yield f"variants.{number}.{field}", text


def _texts(answer: str, sms: str, steps: tuple[str, ...]) -> Iterable[tuple[str, str]]:
    yield "answer", answer
    yield "sms", sms
    for number, step in enumerate(steps):
        yield f"steps.{number}", step


def _check_references(entries: dict[str, tuple[Entry, Node]], services: dict[str, Service]) -> None:
    for entry, node in entries.values():
        for related in entry.related:
            if related not in entries or related == entry.id:
                raise node.block()["related"].fail(f"the related entry {related!r} does not exist.")
        for field, text in texts(entry):
            if (brace := placeholders.stray(text)) is not None:
                raise _at(node, field).fail(f"{field} has a brace that is no placeholder: {brace!r}.")
            for placeholder in placeholders.find(text):
                known = schema.HOTLINES if placeholder.verb == "hotline" else services
                if not placeholder.known or (placeholder.name and placeholder.name not in known):
                    raise _at(node, field).fail(f"{field} uses {placeholder}, which nobody knows.")


def _at(node: Node, field: str) -> Node:
    """Where a field, named as in `texts`, begins."""
    for part in field.split("."):
        node = node.children()[int(part)] if part.isdigit() else node.block()[part]
    return node
