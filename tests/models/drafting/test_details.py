from __future__ import annotations

import pytest

from colloque.models.drafting.details import details_of, gap
from colloque.models.drafting.reading import Mention
from colloque.streaming.engines import Language
from tests.models.drafting.scenes import dialogue


@pytest.mark.parametrize(
    ("language", "line", "expected"),
    [
        ("fr", "P: Cela fait, heu, six mois que je tousse.", {"cough": ("depuis 6 mois",)}),
        (
            "fr",
            "P: J'ai de la fièvre depuis hier, et depuis ce matin, je tousse.",
            {"fever": ("depuis hier",), "cough": ("depuis ce matin",)},
        ),
        (
            "fr",
            "P: J'ai de la fièvre et des frissons depuis trois jours.",
            {"fever": ("depuis 3 jours",), "chills": ("depuis 3 jours",)},
        ),
        ("fr", "P: Je dors mal depuis la mort de mon mari.", {"insomnia": ("depuis la mort de mon mari",)}),
        ("fr", "P: Je suis essoufflé quand je monte les escaliers.", {"dyspnoea": ("quand je monte les escaliers",)}),
        ("fr", "P: J'ai perdu quatre kilos, mais je cours tous les jours depuis mars.", {"weight_loss": ("4 kg",)}),
        ("en", "P: I've had a cough for two weeks, mostly at night.", {"cough": ("for 2 weeks", "mostly at night")}),
        ("de", "P: Seit drei Tagen habe ich Husten.", {"cough": ("seit 3 Tagen",)}),
        ("fr", "P: Pas de fièvre depuis hier.", {"fever": ()}),
    ],
)
def test_details_go_to_their_complaint(language: Language, line: str, expected: dict[str, tuple[str, ...]]) -> None:
    found = dialogue(language, line)
    mentions = list(found.lines[0].mentions("symptom"))
    assert {m.id: details_of(found, found.lines[0], m, mentions)[0] for m in mentions} == expected


def test_a_correction_in_the_next_sentence_replaces_the_value() -> None:
    found = dialogue("en", "P: The headaches come three times a month... no, I mean five times a month.")
    mentions = list(found.lines[0].mentions("symptom"))
    details, said = details_of(found, found.lines[0], mentions[0], mentions)
    assert details == ("5 times a month",)
    assert all(item.start < item.end for item in said)


def test_gap() -> None:
    mention = Mention("symptom", "fever", 5, 7)
    assert [gap(mention, 0, 2), gap(mention, 9, 10), gap(mention, 6, 8)] == [3, 2, 0]
