"""Standing in for libraries nobody uses, and stepping aside when somebody does."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.dialogue import lazy
from bot.settings import ROOT

USE = """
import sys
from pathlib import Path
from bot.dialogue import lazy
lazy.install(Path(sys.argv[1]))
import tensorflow.keras.layers
from sklearn.base import ClassifierMixin
import google.cloud.storage as storage
class Ours(tensorflow.keras.layers.Layer, ClassifierMixin):
    size: tensorflow.Tensor | None = None
    @tensorflow.function
    def double(self, number): return 2 * number
assert Ours().double(4) == 8
try:
    raise ValueError("real")
except tensorflow.errors.NotFoundError:
    raise SystemExit("caught the wrong one")
except ValueError:
    pass
import json, numpy
assert numpy.ones(2).sum() == 2
"""


def test_ours_does_without() -> None:
    assert lazy.enough(ROOT / "config.yml")


@pytest.mark.parametrize(
    "config",
    [
        "pipeline: [{name: DIETClassifier}]",
        "pipeline: [{name: bot.dialogue.components.SentenceVector}, {name: somebody.elses.Component}]",
        "policies: [{name: TEDPolicy}]",
        "importers: [{name: MultiProjectImporter}]",
        "pipeline: [{}]",
        "pipeline: 7",
        "[",
        "",
    ],
)
def test_it_steps_aside(tmp_path: Path, config: str) -> None:
    path = tmp_path / "config.yml"
    path.write_text(config, encoding="utf-8")
    before = list(sys.meta_path)
    lazy.install(path)
    assert sys.meta_path == before
    assert not lazy.enough(tmp_path / "nothing.yml")


def test_a_stand_in_is_inherited_from_decorates_and_catches_nothing() -> None:
    command = [sys.executable, "-c", USE, str(ROOT / "config.yml")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")
