"""Ordinary words that sound nearly like a drug, and are none.

Found by giving every word of a spelling dictionary to `Spelling`; a word that is not here and not a drug name is no
word of that dictionary, or far from every name.
"""

from __future__ import annotations

from colloque.streaming.engines import Language


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ORDINARY: dict[Language, frozenset[str]] = {
    "fr": _words(
        "abattaient accreditant alignat alternasse augmentais augmentait augmentant augmente augmentee augmentees "
        "augmentent augmenter augmentez augmentiez augmentions augmentons brillantine celebrees celebreras celebrerez "
        "celebres celebrez celesta centralise courtisons derochat disulfirame estradiot fluorescence fluorescent "
        "fluorescente heteroside hydrotaxie hydroxylique jardinasse moraine morphisme ocytocine permettais permettait "
        "permettrai permettrais permettrait permettras permettrez permettriez permettrions permettrons permettront "
        "pilocarpes pratiquantes prehension promettriez protesterons protesteront rebellasse repeuplasse retentasse "
        "retercasse retersasse ritualisee rosaniline singulaire singularise singularite singuliere sterculiacee "
        "streptomycete tariferons tariferont triates triestin trinitaire tropicalise tropicalisee tubercules "
        "tuberculide tuberculina tuberculinai tuberculinas tuberculinasse tuberculinat tuberculinee tuberculinees "
        "tuberculiner tuberculinez tuberculinique tuberculinise tuberculinisee tuberculisa tuberculise tuberculisee "
        "tuberculoide tuberculose"
    ),
    "en": _words(
        "aspiration aspiring augmenting ballasting centralise centralize clarity moraine satirizing torsemide"
    ),
    "de": _words("backofen dioxin dioxine"),
}
"""Language → plain words."""
