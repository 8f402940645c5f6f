from __future__ import annotations

import pytest

from colloque.models.guard import is_echo, is_invented, is_loop, is_stock_phrase


@pytest.mark.parametrize(
    "text",
    [
        "non " * 12,
        "I-I-I-I-I-I-I-I",
        "Mmmmmmmmmm",
        "J'ai mal, j'ai mal, j'ai mal, j'ai mal.",
        "Je ne sais pas. Je ne sais pas. Je ne sais pas. Je ne sais pas.",
        "Alors un deux trois un deux trois un deux trois un deux trois quatre",
        "et de la fièvre et de la fièvre et de la fièvre et de la fièvre",
        "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm",
        "Ich weiß es nicht, ich weiß es nicht, ich weiß es nicht, ich weiß es nicht",
    ],
)
def test_the_same_again_and_again_is_a_loop(text: str) -> None:
    assert is_loop(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Non.",
        "Non, non, non.",
        "Non, non, non, non !",
        "1000000 unités",
        "porte-à-porte, bouche-à-oreille",
        "Ça va, ça va, ça va.",
        "Un matin, un midi, un soir.",
        "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness",
        "J'ai mal à la tête, j'ai mal au ventre, j'ai mal au dos, j'ai mal partout depuis une semaine.",
        "Vous prenez un comprimé le matin, un comprimé à midi et un comprimé le soir pendant sept jours.",
        "deux deux trois trois deux deux",
    ],
)
def test_people_repeat_themselves_less(text: str) -> None:
    assert not is_loop(text)


@pytest.mark.parametrize(
    ("language", "text"),
    [("fr", "Merci."), ("fr", " Merci d’avoir regardé cette vidéo !"), ("en", "Thank you."), ("de", "Vielen Dank.")],
)
def test_a_stock_phrase_is_believed_only_where_there_is_a_voice(language: str, text: str) -> None:
    assert is_stock_phrase(text, language)
    assert is_invented(text, language, voice=0.4, logprob=-0.3, no_speech=0.1)
    assert not is_invented(text, language, voice=0.95, logprob=-0.3, no_speech=0.1)
    assert is_invented(text, language, voice=0.95, logprob=-0.3, no_speech=0.8)


def test_a_phrase_of_one_language_is_none_of_another() -> None:
    assert not is_stock_phrase("you", "fr")
    assert not is_stock_phrase("Merci.", "de")
    assert not is_stock_phrase("Merci, j'ai moins mal.", "fr")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "Sous-titrage Société Radio-Canada"),
        ("fr", "Sous-titres réalisés par la communauté d'Amara.org"),
        ("fr", "Sous-titrage ST' 501"),
        ("de", "Untertitelung des ZDF, 2020"),
        ("de", "Untertitel im Auftrag des ZDF für funk, 2017"),
        ("de", "Copyright WDR 2020"),
        ("de", "SWR 2021"),
        ("de", "Vielen Dank fürs Zuschauen!"),
        ("en", "Subtitles by the Amara.org community"),
        ("en", "Thanks for watching!"),
    ],
)
def test_nobody_says_credits(language: str, text: str) -> None:
    assert is_invented(text, language, voice=0.99, logprob=-0.1, no_speech=0.0)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "Je regarde les films avec les sous-titres, j'entends mal."),
        ("fr", "Je l'ai entendu à Radio-Canada."),
        ("fr", "Sous-titres ou pas, je n'entends rien."),
        ("de", "Beim Essen kann ich ihm kaum zuschauen."),
        ("de", "Das habe ich 2020 im WDR gesehen."),
        ("de", "Ich brauche Untertitel, weil ich schlecht höre."),
        ("en", "I need subtitles because I cannot hear."),
    ],
)
def test_people_speak_of_films(language: str, text: str) -> None:
    assert not is_invented(text, language, voice=0.99, logprob=-0.1, no_speech=0.0)


def test_doubt_of_both_kinds_is_enough() -> None:
    assert is_invented("Il pleut.", "fr", voice=0.9, logprob=-1.4, no_speech=0.7)
    assert not is_invented("Il pleut.", "fr", voice=0.9, logprob=-1.4, no_speech=0.1)
    assert not is_invented("Il pleut.", "fr", voice=0.9, logprob=-0.4, no_speech=0.7)


def test_an_echo_has_no_word_but_the_key_terms() -> None:
    keyterms = ("Dr Beauregard", "métoprolol")
    assert is_echo("Dr Beauregard, métoprolol.", keyterms)
    assert is_echo(" Métoprolol", keyterms)
    assert not is_echo("Je prends du métoprolol.", keyterms)
    assert not is_echo("", keyterms)
    assert not is_echo("Oui.", ())
