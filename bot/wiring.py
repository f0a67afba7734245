"""The composition root: builds every part of the desk and hands it out. The only module that knows them all."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

import httpx

from actions.registry import Services
from bot.channels import registry
from bot.channels.base import Channel
from bot.channels.commands import Commands
from bot.channels.sms.render import pick
from bot.dialogue.client import RasaDialogue
from bot.dialogue.encoder import Encoder
from bot.dialogue.language import Recogniser
from bot.dialogue.places import Places
from bot.dialogue.respond import Responder
from bot.i18n import Locales
from bot.inbox.handler import Handler
from bot.inbox.intake import Intake
from bot.inbox.reader import Reader, Vectors
from bot.inbox.worker import Worker
from bot.library import Library
from bot.outbox.mailbox import Mailbox
from bot.outbox.reports import Reports
from bot.outbox.worker import Sender
from bot.phrases import Phrases
from bot.rasa_process import Tokens
from bot.safety.danger import Danger
from bot.settings import ROOT, Settings
from bot.storage.crypt import Crypt, load_or_create_key
from bot.storage.engine import Store
