"""A stock Rasa assistant from the same entries: the pipeline that `rasa init` writes, with ResponseSelector for the FAQ."""

import shutil
from pathlib import Path

import yaml

from knowledge.model import Knowledge

CONFIG = """recipe: default.v1
assistant_id: stock
language: en
pipeline:
  - name: WhitespaceTokenizer
  - name: RegexFeaturizer
  - name: LexicalSyntacticFeaturizer
  - name: CountVectorsFeaturizer
  - name: CountVectorsFeaturizer
    analyzer: char_wb
    min_ngram: 1
    max_ngram: 4
  - name: DIETClassifier
    epochs: {epochs}
    constrain_similarities: true
  - name: EntitySynonymMapper
  - name: ResponseSelector
    epochs: {epochs}
    constrain_similarities: true
  - name: FallbackClassifier
    threshold: 0.3
    ambiguity_threshold: 0.1
policies:
  - name: MemoizationPolicy
  - name: RulePolicy
  - name: UnexpecTEDIntentPolicy
    max_history: 5
    epochs: {epochs}
  - name: TEDPolicy
    max_history: 5
    epochs: {epochs}
    constrain_similarities: true
"""


def write(folder: Path, knowledge: Knowledge, training: Path, epochs: int) -> None:
    """The assistant's files: the same small talk, the same questions, the same answers."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / "config.yml").write_text(CONFIG.replace("{epochs}", str(epochs)), encoding="utf-8")
    (folder / "credentials.yml").write_text("rest:\n", encoding="utf-8")
    (folder / "endpoints.yml").write_text("", encoding="utf-8")
    small = sorted(training.glob("nlu/*.yml"))
    for path in small:
        shutil.copy(path, folder / "data" / f"small_{path.name}")
    talk = {block["intent"] for path in small for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]}
    _questions(folder, knowledge)
    _domain(folder, knowledge, talk)
    stories = [
        {"story": f"{one} then faq", "steps": [_intent(one), _utter(one), {"intent": "faq"}, {"action": "utter_faq"}]}
        for one in sorted(talk)
    ]
    _yaml(folder / "data" / "stories.yml", {"version": "3.1", "stories": stories})


def _intent(name: str) -> dict[str, str]:
    return {"intent": name}


def _utter(name: str) -> dict[str, str]:
    return {"action": f"utter_{name}"}


def _questions(folder: Path, knowledge: Knowledge) -> None:
    lines: dict[str, list[str]] = {}
    for question in knowledge.questions:
        lines.setdefault(question.entry, []).append(f"- {question.text}")
    nlu = [{"intent": f"faq/{entry}", "examples": "\n".join(listed) + "\n"} for entry, listed in lines.items()]
    _yaml(folder / "data" / "faq.yml", {"version": "3.1", "nlu": nlu})


def _domain(folder: Path, knowledge: Knowledge, talk: set[str]) -> None:
    responses = {f"utter_faq/{entry.id}": [{"text": entry.answer}] for entry in knowledge.entries.values()}
    responses |= {f"utter_{name}": [{"text": f"({name})"}] for name in sorted(talk)}
    rule = {"rule": "An answer", "steps": [{"intent": "faq"}, {"action": "utter_faq"}]}
    rules = [rule, *({"rule": name, "steps": [_intent(name), _utter(name)]} for name in sorted(talk))]
    _yaml(folder / "data" / "rules.yml", {"version": "3.1", "rules": rules})
    domain = {"version": "3.1", "intents": ["faq", *sorted(talk)], "responses": responses, "actions": ["utter_faq"]}
    _yaml(folder / "domain.yml", domain)


def _yaml(path: Path, content: object) -> None:
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=10_000), encoding="utf-8")
