"""Guesses who is practitioner, patient and companion from what they say. A role that a person gives overrides it.

Every speaker collects points: practitioners ask, say `vous` and announce what they do; patients speak of themselves and
say `docteur`; companions speak of a third person. The speaker with the most points is the practitioner where the lead
over the others is clear; without a clear lead nobody has a role.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from colloque.streaming.engines import Language
from colloque.streaming.transcript import Role, Turn

CONFIDENT = 0.75
"""Confidence below which the role is `unknown`."""
MIN_WORDS = 12
"""Words of both sides together before anything is guessed."""
MAIN_SHARE = 0.8
"""Of the words that neither practitioner nor companion says: who says so much is the patient."""
MOST = 0.98
"""A guess is never certain."""
_SCALE = 4.0
"""Points of lead at which the odds grow by e."""


@dataclass(frozen=True, slots=True)
class RoleGuess:
    """What a speaker is taken for."""

    role: Role
    confidence: float
    """0..1; of `unknown`: of the guess that was not made."""


@dataclass(frozen=True, slots=True)
class _Signs:
    """Patterns of one language, on lower-case text."""

    question: re.Pattern[str]
    second: re.Pattern[str]
    first: re.Pattern[str]
    practitioner: re.Pattern[str]
    patient: re.Pattern[str]
    third: re.Pattern[str]
    companion: re.Pattern[str]


def _any(*groups: str) -> re.Pattern[str]:
    """One pattern for phrases that are parted by ` / `."""
    phrases = [phrase for group in groups for phrase in group.split(" / ")]
    return re.compile(r"(?<!\w)(?:" + "|".join(phrases) + r")(?!\w)")


_SIGNS: dict[Language, _Signs] = {
    "fr": _Signs(
        question=_any(
            r"est-ce qu\w* / qu'est-ce qu\w* / avez-vous / êtes-vous / depuis quand",
            "combien / quels? / quelles? / comment",
        ),
        second=_any("vous / votre / vos"),
        first=_any(r"je / j'\w+ / moi / mon / ma / mes / m'\w+"),
        practitioner=_any(
            "qu'est-ce qui vous amène / je vous (?:examine|prescris|ausculte|adresse|fais|donne|mets|revois|propose)",
            "on se revoit / ordonnance / penchez-vous / allongez-vous / asseyez-vous / respirez / montrez-moi",
            "vous (?:fumez|prenez|pesez|avez mal|avez déjà|consultez|me rappelez) / racontez-moi / des allergies",
            "on va (?:mettre|regarder|faire|reprendre|commencer) / antécédents / la tension",
            "le pouls / madame / monsieur",
        ),
        patient=_any(
            "docteur / j'ai (?:mal|eu|de la|des|pris|fait|perdu) / ça me / mon médecin / je prends / ma mère / mon père"
        ),
        third=_any("(?:il|elle) (?:a|est|mange|boit|dort|fait|tousse|se plaint|pleure|n'a|ne) / lui"),
        companion=_any(
            "mon fils / ma fille / mon bébé / le petit / la petite / elle se plaint / ma puce / mon mari / ma femme",
            r"(?:on|je) lui (?:ai|a|avait) donn\w+ / à la maison,? (?:il|elle)",
        ),
    ),
    "en": _Signs(
        question=_any(
            "do you / have you / are you / did you / any / how often / how long / is there / does it / can you"
        ),
        second=_any("you / your / you're / you've / yourself"),
        first=_any("i / i'm / i've / i'd / my / me / mine"),
        practitioner=_any(
            "what can i do for you / what brings you / how can i help / let me (?:check|examine|have|listen|take)",
            "i'll (?:prescribe|refer|write|give|send) / i'd like to see you / i'd like (?:you )?to / see you again",
            "any (?:allergies|fever|pain|chest pain|medication|other) / deep breath / do you smoke / come back if",
            "blood pressure / tell me more / we'll / your best is / this is / prescription",
        ),
        patient=_any(
            "doctor / i've (?:got|had|been) / it hurts / my (?:mum|dad|mother|father|wife|husband) / i take / i can't",
            "it's my / i feel / do i need / should i / can i",
        ),
        third=_any("(?:he|she)(?:'s| has| is| was| had| won't| hasn't| doesn't| can't) / him"),
        companion=_any(
            "my (?:son|daughter|little (?:boy|girl)|baby|husband|wife) / (?:we|i) gave (?:him|her) / (?:he|she) keeps"
        ),
    ),
    "de": _Signs(
        question=_any(
            "haben sie / hatten sie / nehmen sie / sind sie / wie lange / seit wann / welche / rauchen sie",
            "müssen sie / waren sie / vertragen sie / messen sie",
        ),
        second=_any("sie / ihr / ihre / ihren / ihnen / ihrem"),
        first=_any("ich / mir / mich / mein / meine / meinen / meiner / meinem"),
        practitioner=_any(
            "was führt sie / was kann ich für sie / nehmen sie platz / ich (?:verschreibe|untersuche|überweise|messe)",
            "überweise ich sie / messe ich / wir sehen uns / wir nehmen blut / ziehen sie / atmen sie / der blutdruck",
            "der puls / rezept / erhöhen wir / bekommen sie / rufen (?:sie )?an / herr (?!doktor) / frau (?!doktor)",
            "in der familie / allergien / welche medikamente / schauen wir",
        ),
        patient=_any(
            "herr doktor / frau doktor / ich (?:habe|hatte|nehme|kann nicht) / mir (?:ist|tut) / habe ich",
            "meine? (?:mutter|vater|bruder|schwester) / muss ich / darf ich / soll ich",
        ),
        third=_any("(?:er|sie) (?:hat|ist|isst|trinkt|hustet|schläft|weint) / ihm"),
        companion=_any(
            "mein sohn / meine tochter / mein kleiner / meine kleine / mein mann / meine frau",
            "(?:wir haben|ich habe) (?:ihm|ihr)",
        ),
    ),
}


@dataclass(slots=True)
class _Tally:
    """Points of one speaker."""

    words: int = 0
    practitioner: float = 0.0
    companion: float = 0.0
    texts: list[str] = field(default_factory=list)


def guess_roles(language: Language, turns: Sequence[Turn]) -> dict[str, RoleGuess]:
    """A guess for every speaker of the turns; pure, the same turns give the same guess.

    Args:
        language: of the session.
        turns: committed turns in order of time; the roles that they carry are not looked at.
    """
    tallies = _tallies(_SIGNS[language], turns)
    ranked = sorted(tallies, key=lambda s: (-tallies[s].practitioner, s))
    if len(ranked) < 2 or sum(tally.words for tally in tallies.values()) < MIN_WORDS:
        return {speaker: RoleGuess("unknown", 0.0) for speaker in tallies}
    first, second = tallies[ranked[0]], tallies[ranked[1]]
    confidence = _odds(first.practitioner - second.practitioner)
    if confidence < CONFIDENT or first.practitioner <= 0:
        return {speaker: RoleGuess("unknown", confidence) for speaker in tallies}
    guesses = {ranked[0]: RoleGuess("practitioner", confidence)}
    guesses.update(_other_side({speaker: tallies[speaker] for speaker in ranked[1:]}, confidence))
    return guesses


def _odds(lead: float) -> float:
    return round(min(MOST, 1 / (1 + math.exp(-lead / _SCALE))), 4)


def _tallies(signs: _Signs, turns: Sequence[Turn]) -> dict[str, _Tally]:
    tallies: dict[str, _Tally] = {}
    for turn in turns:
        if turn.speaker is not None:
            tally = tallies.setdefault(turn.speaker, _Tally())
            tally.words += len(turn.words)
            tally.texts.append(turn.text)
    for tally in tallies.values():
        # Recognisers give `j` and `'ai` as two words.
        text = re.sub(r" (?=['’-])", "", " ".join(tally.texts).lower().replace("’", "'"))
        marks = text.count("?")
        asked = max(marks, len(signs.question.findall(text)))
        tally.practitioner = (
            2.0 * asked
            + 3.0 * len(signs.practitioner.findall(text))
            + 0.5 * len(signs.second.findall(text))
            - 1.0 * len(signs.first.findall(text))
            - 3.0 * len(signs.patient.findall(text))
            - 1.0 * len(signs.third.findall(text))
            - 3.0 * len(signs.companion.findall(text))
        )
        tally.companion = (
            1.0 * len(signs.third.findall(text))
            + 3.0 * len(signs.companion.findall(text))
            - 0.5 * len(signs.first.findall(text))
        )
    return tallies


def _other_side(tallies: dict[str, _Tally], confidence: float) -> dict[str, RoleGuess]:
    """Patient and companions among those who are not the practitioner."""
    spokesman = max(tallies, key=lambda speaker: (tallies[speaker].companion, speaker))
    if tallies[spokesman].companion < 2:
        spokesman = ""
    others = {speaker: tally for speaker, tally in tallies.items() if speaker != spokesman}
    words = sum(tally.words for tally in others.values())
    guesses: dict[str, RoleGuess] = {}
    if spokesman:
        guesses[spokesman] = RoleGuess("companion", min(confidence, _odds(tallies[spokesman].companion)))
    for speaker, tally in others.items():
        role: Role = "patient" if tally.words >= MAIN_SHARE * words else "unknown"
        guesses[speaker] = RoleGuess(role, confidence)
    return guesses
