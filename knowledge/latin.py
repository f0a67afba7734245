"""Any of our scripts in plain Latin letters, for comparing words only. PURE; imports nothing of `knowledge`.

People write Nepali, Hindi, Arabic or Amharic with the letters their phone has. Both spellings are brought to one rough
form here: letters are named by Unicode ("DEVANAGARI LETTER KHA"), which is all the table that the Indic scripts,
Ethiopic and Bengali need; Arabic and Cyrillic letters have names that are not their sound, so theirs are written out.
"""

import re
import unicodedata
from functools import lru_cache

ARABIC = """
ا=a ب=b ت=t ث=th ج=j ح=h خ=kh د=d ذ=d ر=r ز=z س=s ش=sh ص=s ض=d ط=t ظ=d ع=a غ=gh ف=f ق=q ك=k ل=l م=m
ن=n ه=h و=w ي=y ء=a آ=a أ=a إ=i ؤ=w ئ=y ة=a ى=a پ=p چ=ch ژ=j گ=g ک=k ی=y ے=e ٹ=t ڈ=d ڑ=r ں=n ہ=h
ھ=h
"""
CYRILLIC = """
а=a б=b в=v г=g д=d е=e ж=zh з=z и=i й=y к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=h ц=ts ч=ch
ш=sh щ=sch ъ= ы=y ь= э=e ю=yu я=ya ё=yo
"""
WRITTEN_OUT = {letter: sound for letter, _, sound in (pair.partition("=") for pair in (ARABIC + CYRILLIC).split())}
NAMED = re.compile(
    r"^(?:DEVANAGARI|BENGALI|ETHIOPIC|GURMUKHI|TAMIL|SINHALA) (?:LETTER|VOWEL SIGN|SYLLABLE|SIGN) ([A-Z ]+)$"
)
SIGNS = {"CANDRABINDU": "n", "ANUSVARA": "n", "VISARGA": "h", "VIRAMA": "", "NUKTA": ""}
REPEATED = re.compile(r"(.)\1+")
INHERENT = "\ue000"  # the vowel that an Indic consonant carries unless a vowel sign or the word's end takes it away
NO_VOWEL = "\ue001"
FALLS = re.compile(f"{INHERENT}{NO_VOWEL}|{INHERENT}(?=[^\\w{INHERENT}{NO_VOWEL}]|$)")


@lru_cache(maxsize=8192)
def _letter(char: str) -> str:
    if char in WRITTEN_OUT:
        return WRITTEN_OUT[char]
    name = NAMED.match(unicodedata.name(char, ""))
    if name:
        return _named(unicodedata.name(char), name[1])
    parts = unicodedata.normalize("NFD", char)
    if parts[0].isascii() and len(parts) > 1:
        return parts[0]
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.digit(char))
    if category[0] in "LN":
        return char
    return "" if category in {"Mn", "Cf", "Lm"} else " "


def _named(name: str, sound: str) -> str:
    if sound in SIGNS:
        return NO_VOWEL if sound == "VIRAMA" else SIGNS[sound]
    spoken = sound.rpartition(" ")[2].lower()
    if "VOWEL SIGN" in name:
        return NO_VOWEL + spoken
    consonant = "ETHIOPIC" not in name and len(spoken) > 1 and spoken.endswith("a") and spoken[0] not in "aeiou"
    return spoken[:-1] + INHERENT if consonant else spoken


def romanise(text: str) -> str:
    """Small Latin letters, digits and single spaces; doubled letters once. Other scripts' letters stay as they are."""
    rough = "".join(map(_letter, unicodedata.normalize("NFKC", text).casefold()))
    rough = FALLS.sub("", rough).replace(INHERENT, "a").replace(NO_VOWEL, "")
    return REPEATED.sub(r"\1", " ".join(rough.split()))
