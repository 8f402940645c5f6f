from __future__ import annotations

from dataclasses import replace

from colloque.models.drafting.facts import Complaint, Fact, Medication, Quoted
from colloque.models.drafting.lines import Said
from colloque.models.drafting.merge import merged
from colloque.models.drafting.terms import load
from tests.models.drafting.scenes import dialogue

_FR = load("fr")
_LINE = dialogue("fr", "P: Bonjour.").lines[0]
_SAID: tuple[Said, ...] = (_LINE.whole(),)


def complaint(place: str | None = None, assertion: str = "present", details: tuple[str, ...] = ()) -> Fact:
    where = _FR.concepts["site", place] if place else None
    content = Complaint(_FR.concepts["symptom", "pain"], where, "", details)
    fact = Fact("symptom:pain", "history_of_present_illness", "present", "patient", content, _SAID, 0.9)
    return replace(fact, assertion="absent") if assertion == "absent" else fact


def test_the_same_twice_is_one_with_the_details_of_both() -> None:
    (fact,) = merged([complaint(details=("depuis hier",)), complaint("ear", details=("le soir",))])
    assert isinstance(fact.content, Complaint)
    assert fact.content.place is not None and fact.content.place.id == "ear"
    assert fact.content.details == ("depuis hier", "le soir")


def test_another_place_gets_a_key_of_its_own() -> None:
    assert [f.key for f in merged([complaint("back"), complaint("leg", "absent")])] == [
        "symptom:pain",
        "symptom:pain:leg",
    ]


def test_a_denial_without_a_place_says_nothing_of_the_ones_with_a_place() -> None:
    (fact,) = merged([complaint("back"), complaint(None, "absent")])
    assert fact.assertion == "present"


def test_the_later_counts_but_a_doubt_does_not_undo_a_certainty() -> None:
    (fact,) = merged([complaint("ear"), complaint("ear", "absent")])
    assert fact.assertion == "absent"
    (fact,) = merged([complaint("ear"), replace(complaint("ear"), assertion="possible")])
    assert fact.assertion == "present"


def test_what_is_held_back_gives_way() -> None:
    held = replace(complaint("ear"), hold="unanswered")
    assert merged([held, complaint("ear")])[0].hold is None
    assert merged([complaint("ear"), held])[0].hold is None


def test_the_longer_quote_and_the_dosed_drug_stay() -> None:
    short, long = (
        replace(complaint(), key="finding:throat", content=Quoted("", text)) for text in ("rouge", "rouge, sans dépôt")
    )
    assert merged([long, short])[0].content == merged([short, long])[0].content == Quoted("", "rouge, sans dépôt")
    bare, dosed = (replace(complaint(), key="medication:x", content=Medication("x", dose)) for dose in ("", "1 g"))
    assert merged([dosed, bare])[0].content == merged([bare, dosed])[0].content == Medication("x", "1 g")
