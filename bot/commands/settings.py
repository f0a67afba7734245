"""`docs/settings.md` from the rows of `bot.settings`; a test holds the two together."""

from dataclasses import fields

from bot.settings import Settings

HEAD = """# Settings

Every option of Safar. Set one in the environment, or as a line `NAME=value` in a file `safar.env` in the checkout;
the environment wins. `python -c "from bot.commands.settings import page; print(page(), end='')"` makes this page anew.

| name | default | what it is |
| --- | --- | --- |
"""


def page() -> str:
    """The page as Markdown."""
    rows = (
        f"| `SAFAR_{row.name.upper()}` | {f'`{row.default}`' if row.default != '' else ''} | {row.metadata['help']} |\n"
        for row in fields(Settings)
    )
    return HEAD + "".join(rows)
