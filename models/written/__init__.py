"""Written forms: numbers, units, doses and drug names as a clinician writes them, in French, English and German."""
