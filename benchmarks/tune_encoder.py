"""Make `bot/dialogue/e5/tuned.npz` anew: `python -m benchmarks.tune_encoder [EPOCHS]`. Needs PyTorch, which nothing else here does.

The upper half of the encoder learns to tell apart what people ask of this centre: every way of asking (by entry), small
talk (by intent), cries for help (by kind) and what is answered by nobody. Only two narrow matrices beside each large one
are learned (LoRA, Hu and others, 2021), so that what the model knows of a hundred languages stays. docs/decisions/0005.
"""

import math
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import yaml
from torch import Tensor, nn
from torch.nn import functional

from bot.dialogue.e5.packed import TUNED, Packed, weights
from bot.dialogue.e5.tokens import Tokens
from bot.dialogue.encoder import PREFIX, SIZE, shorten
from bot.settings import ROOT
from knowledge.latin import romanise
from knowledge.load import load

FIRST, RANK, SCALE = 6, 16, 2.0
"""Layers from this one on are changed; the width of what is learned; how much it counts."""
EPOCHS, BATCH, POOL = 2.0, 48, 20
RATE, HEAD_RATE = 6e-4, 3e-3
SHARP, BY_GROUP, CONTRAST, HEAT = 12.0, 0.5, 0.1, 0.1
MOST_TOKENS = 64
LETTERS_A_SLIP = 25
SEED = 3


@dataclass(frozen=True)
class Lines:
    """What is learned from: texts, the class of each, and the group (the topic, for entries) of each class."""

    texts: list[str]
    classes: Tensor
    groups: Tensor


def lines() -> Lines:
    """From the files of the checkout."""
    knowledge = load(ROOT / "knowledge", ROOT / "locales")
    rows = [(question.text, f"entry {question.entry}") for question in knowledge.questions]
    rows += [(negative.text, "nothing") for negative in knowledge.negatives if not negative.topic]
    rows += _small_talk()
    rows += _cries()
    rows += _misspelt(rows)
    names = sorted({name for _, name in rows})
    topics = {f"entry {entry.id}": entry.topic for entry in knowledge.entries.values()}
    groups = [topics.get(name, name) for name in names]
    order = sorted(set(groups))
    number = {name: place for place, name in enumerate(names)}
    classes = torch.tensor([number[name] for _, name in rows])
    return Lines([text for text, _ in rows], classes, torch.tensor([order.index(group) for group in groups]))


def _misspelt(rows: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Every line once more as somebody in a hurry writes it: in Latin letters, without accents, with a slip or two."""
    random = np.random.default_rng(SEED)
    return [(_slip(romanise(text), random), name) for text, name in rows]


def _slip(text: str, random: np.random.Generator) -> str:
    letters = list(text)
    for place in random.integers(0, max(1, len(letters) - 1), max(1, len(letters) // LETTERS_A_SLIP)):
        pair = letters[place : place + 2]
        if " " not in pair:
            letters[place : place + 2] = pair[1:] if random.random() < 0.5 else pair[::-1]
    return "".join(letters)


def _small_talk() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "bot" / "dialogue" / "training" / "nlu").glob("*.yml")):
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            if block.get("intent") not in {None, "ask"}:
                for line in block["examples"].splitlines():
                    yield line.removeprefix("- ").strip(), f"intent {block['intent']}"


def _cries() -> Iterator[tuple[str, str]]:
    raw = yaml.safe_load((ROOT / "bot" / "safety" / "examples.yml").read_text(encoding="utf-8"))["examples"]
    for kind, listed in raw.items():
        if kind != "calm":
            yield from ((str(line), f"danger {kind}") for line in listed)


class Linear(nn.Module):
    """The matrices of some names, one below the other, and beside them what is learned."""

    def __init__(self, packed: Packed, names: Sequence[str], columns: int, learns: bool) -> None:
        super().__init__()
        self.whole = _fixed(np.concatenate([weights(packed.blocks(f"{name}.w", columns)) for name in names]))
        self.bias = _fixed(np.concatenate([packed.floats(f"{name}.b") for name in names]))
        self.narrow = nn.Parameter(torch.randn(RANK, columns) / math.sqrt(columns)) if learns else None
        self.wide = nn.Parameter(torch.zeros(len(self.whole), RANK))

    def forward(self, state: Tensor) -> Tensor:
        """The product."""
        made = functional.linear(state, self.whole, self.bias)
        if self.narrow is None:
            return made
        return made + SCALE * functional.linear(functional.linear(state, self.narrow), self.wide)


class Norm(nn.Module):
    """A normalisation as it is in the file."""

    def __init__(self, packed: Packed, name: str) -> None:
        super().__init__()
        self.scale, self.shift = (_fixed(packed.floats(f"{name}.{part}")) for part in "wb")
        self.epsilon = packed.sizes.epsilon

    def forward(self, state: Tensor) -> Tensor:
        """The normalised state."""
        return functional.layer_norm(state, (SIZE,), self.scale, self.shift, self.epsilon)


class Layer(nn.Module):
    """One layer of BERT's kind."""

    def __init__(self, packed: Packed, number: int) -> None:
        super().__init__()
        name, learns = f"l{number}", number >= FIRST
        self.heads = packed.sizes.heads
        self.qkv = Linear(packed, [f"{name}.{part}" for part in "qkv"], SIZE, learns)
        self.ao = Linear(packed, [f"{name}.ao"], SIZE, learns)
        self.fi = Linear(packed, [f"{name}.fi"], SIZE, learns)
        self.fo = Linear(packed, [f"{name}.fo"], packed.sizes.inner, learns)
        self.middle, self.end = Norm(packed, f"{name}.aln"), Norm(packed, f"{name}.oln")

    def forward(self, state: Tensor, seen: Tensor | None) -> Tensor:
        """The next state; `seen` marks the tokens that are there."""
        rows, length, _ = state.shape
        parts = self.qkv(state).split(SIZE, -1)
        q, k, v = (part.view(rows, length, self.heads, -1).transpose(1, 2) for part in parts)
        found = functional.scaled_dot_product_attention(q, k, v, attn_mask=seen).transpose(1, 2)
        state = self.middle(state + self.ao(found.reshape(rows, length, SIZE)))
        after: Tensor = self.end(state + self.fo(functional.gelu(self.fi(state))))
        return after


def _fixed(values: "np.ndarray[Any, Any]") -> Tensor:
    return torch.from_numpy(np.array(values, dtype=np.float32))


def below(packed: Packed, layers: Sequence[Layer], texts: Sequence[str]) -> list[Tensor]:
    """Every text as it comes out of the layers that stay as they are: computed once."""
    tokens, words = Tokens(packed.vocabulary), packed.blocks("emb.word", SIZE)
    places = packed.floats("emb.pos").reshape(-1, SIZE) + packed.floats("emb.type")[:SIZE]
    first = Norm(packed, "emb.ln")
    found = []
    with torch.no_grad():
        for text in texts:
            numbers = tokens.cut(PREFIX + shorten(text), MOST_TOKENS)
            flat = weights(words[np.array(numbers)]).reshape(1, -1, SIZE) + places[: len(numbers)]
            state = first(_fixed(flat))
            for layer in layers[:FIRST]:
                state = layer(state, None)
            found.append(state[0].half())
    return found


def vectors(layers: Sequence[Layer], states: Sequence[Tensor]) -> Tensor:
    """The vectors of some texts, of length 1."""
    length = max(len(state) for state in states)
    batch = torch.zeros(len(states), length, SIZE)
    seen = torch.zeros(len(states), 1, 1, length, dtype=torch.bool)
    for row, state in enumerate(states):
        batch[row, : len(state)] = state.float()
        seen[row, 0, 0, : len(state)] = True
    for layer in layers:
        batch = layer(batch, seen)
    there = seen[:, 0, 0, :, None].float()
    return functional.normalize((batch * there).sum(1) / there.sum(1), dim=-1)


def batches(lengths: Sequence[int], count: int) -> Iterator[list[int]]:
    """`count` batches of lines of like length, in chance order."""
    random, given = np.random.default_rng(SEED), 0
    while given < count:
        order = random.permutation(len(lengths))
        for start in range(0, len(order), BATCH * POOL):
            pool = sorted(order[start : start + BATCH * POOL].tolist(), key=lambda row: lengths[row])
            parts = [pool[at : at + BATCH] for at in range(0, len(pool), BATCH)]
            random.shuffle(parts)
            for part in parts[: count - given]:
                given += 1
                yield part


class Loss(nn.Module):
    """How wrong classes, groups and neighbours are. Rare classes count more."""

    def __init__(self, given: Lines, middle: Tensor) -> None:
        super().__init__()
        often = torch.bincount(given.classes, minlength=len(given.groups)).float()
        self.importance = often.rsqrt() * often.sum() / (often.rsqrt() * often).sum()
        self.groups, self.middle = given.groups, middle
        self.member = functional.one_hot(given.groups).float()
        self.head = nn.Linear(SIZE, len(given.groups))
        nn.init.normal_(self.head.weight, std=0.05)

    def forward(self, found: Tensor, wanted: Tensor) -> Tensor:
        """Of a batch of vectors."""
        centred = functional.normalize(found - self.middle, dim=-1)
        chances = functional.log_softmax(self.head(centred * SHARP), -1)
        group = self.groups[wanted]
        loss = functional.nll_loss(chances, wanted, weight=self.importance)
        loss = loss + BY_GROUP * functional.nll_loss(torch.log(chances.exp() @ self.member + 1e-9), group)
        like = (centred @ centred.T / HEAT).fill_diagonal_(-1e9)
        same = (group[:, None] == group[None]).fill_diagonal_(False)
        some = same.any(1)
        near = -(functional.log_softmax(like, -1) * same).sum(1)[some] / same.sum(1)[some]
        return loss + CONTRAST * near.sum() / max(1, len(near))


def learn(given: Lines, layers: Sequence[Layer], states: Sequence[Tensor], epochs: float) -> None:
    """Change the upper layers."""
    upper = layers[FIRST:]
    sample = np.random.default_rng(SEED).choice(len(states), min(300, len(states)), replace=False)
    with torch.no_grad():
        middle = torch.cat([vectors(upper, [states[row]]) for row in sample]).mean(0)
    loss = Loss(given, middle)
    learned = [parameter for layer in upper for parameter in layer.parameters()]
    optimizer = torch.optim.AdamW(
        [{"params": learned, "weight_decay": 0.01}, {"params": loss.parameters(), "weight_decay": 0.0}], lr=RATE
    )
    steps = max(1, int(epochs * len(states) / BATCH))
    began = time.perf_counter()
    for step, rows in enumerate(batches([len(state) for state in states], steps)):
        pace = min(1.0, 15 * (step + 1) / steps) * 0.5 * (1 + math.cos(math.pi * step / steps))
        for group, rate in zip(optimizer.param_groups, (RATE * pace, HEAD_RATE * max(pace, 0.05)), strict=True):
            group["lr"] = rate
        wrong = loss(vectors(upper, [states[row] for row in rows]), given.classes[rows])
        optimizer.zero_grad()
        wrong.backward()
        nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        if step % 50 == 0:
            print(f"{step} of {steps}: {float(wrong.detach()):.2f}, {time.perf_counter() - began:.0f} s", flush=True)


def learned(layers: Sequence[Layer]) -> Mapping[str, "np.ndarray[Any, Any]"]:
    """What was learned, by matrix: `.b` times `.a` is added to it."""
    found = {}
    for number, layer in enumerate(layers[FIRST:], FIRST):
        for name in ("qkv", "ao", "fi", "fo"):
            one = getattr(layer, name)
            found[f"l{number}.{name}.a"] = one.narrow.detach().numpy().astype(np.float16)
            found[f"l{number}.{name}.b"] = (SCALE * one.wide.detach()).numpy().astype(np.float16)
    return found


def main() -> None:
    """Learn and write the file."""
    torch.manual_seed(SEED)
    packed, given = Packed.installed(), lines()
    layers = [Layer(packed, number) for number in range(packed.sizes.layers)]
    states = below(packed, layers, given.texts)
    print(f"{len(states)} lines, {len(given.groups)} classes", flush=True)
    learn(given, layers, states, float(sys.argv[1]) if len(sys.argv) > 1 else EPOCHS)
    np.savez_compressed(TUNED, **learned(layers))


if __name__ == "__main__":
    main()
