"""Starting Rasa without the libraries that Safar never uses. Imports nothing of Safar.

`import rasa` brings in TensorFlow, every chat platform's client, plotting and message brokers: some eight seconds and
half a gigabyte, for components that are not in our pipeline. `install()` puts a finder in front of Python's own that
answers for those names with a stand-in: classes may inherit from it, decorators pass through, and what is called
returns another stand-in. Only `bot.dialogue.serve` and `bot.dialogue.train` install it; `rasa` on its own is untouched.
Where `config.yml` names a component that is not known to do without these libraries, nothing is stood in for.
"""

import abc
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

UNUSED = frozenset(
    {
        "tensorflow",
        "keras",
        "tensorflow_addons",
        "tensorflow_text",
        "matplotlib",
        "twilio",
        "slack_sdk",
        "fbmessenger",
        "mattermostwrapper",
        "rocketchat_API",
        "webexteamssdk",
        "aiogram",
        "confluent_kafka",
        "sentry_sdk",
        "structlog_sentry",
        "sklearn_crfsuite",
        "sklearn",
        "skops",
        "boto3",
        "botocore",
        "pymongo",
        "bson",
        "redis",
        "aio_pika",
        "google",
        "socketio",
        "engineio",
        "questionary",
        "prompt_toolkit",
    }
)


LIGHT = ("bot.", "MemoizationPolicy", "RulePolicy")
"""How the names of components begin that need none of them."""
ERRORS = ("Error", "Exception", "Failure")
"""Names that stand for exceptions: they must be fit for an `except`."""


class _Meta(abc.ABCMeta):
    """Attributes of a stand-in are stand-ins."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _stand_in(f"{cls.__name__}.{name}")

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """As a decorator it returns what it decorates; calling a class that inherits from it makes an instance."""
        if not cls.__dict__.get("_stand_in"):
            return super().__call__(*args, **kwargs)
        if len(args) == 1 and not kwargs and callable(args[0]):
            return args[0]
        return _stand_in(f"{cls.__name__}()")

    def __or__(cls, other: Any) -> Any:
        return cls

    def __getitem__(cls, item: Any) -> Any:
        return cls


def _stand_in(name: str) -> Any:
    bases = (Exception,) if name.endswith(ERRORS) else ()
    return _Meta(name.rpartition(".")[2], bases, {"_stand_in": True})


class _Module(ModuleType):
    """A module whose every attribute is a stand-in."""

    def __getattr__(self, name: str) -> Any:
        if name == "__version__":
            return "0"
        if name.startswith("__"):
            raise AttributeError(name)
        value = _stand_in(f"{self.__name__}.{name}")
        setattr(self, name, value)
        return value


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.partition(".")[0] not in UNUSED:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run."""


def enough(config: Path) -> bool:
    """Do the components of this `config.yml` do without? One that can't be read is for Rasa to complain about."""
    try:
        raw = yaml.safe_load(config.read_text(encoding="utf-8"))
        used = [row["name"] for part in ("pipeline", "policies", "importers") for row in raw.get(part) or ()]
        return all(name.startswith(LIGHT) for name in used)
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError):
        return False


def install(config: Path) -> None:
    """Stand in for what has not been imported yet, if the components of `config` allow it."""
    if enough(config) and not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
