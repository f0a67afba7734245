"""What is wrong with a file of the knowledge base, said with its name and line. Imports nothing."""

from pathlib import Path


class KnowledgeError(Exception):
    """A file that cannot be used. `str()` is one sentence for whoever wrote it."""

    def __init__(self, path: Path, line: int, sentence: str) -> None:
        super().__init__(f"{path}, line {line}: {sentence}")
        self.path = path
        self.line = line
        self.sentence = sentence
