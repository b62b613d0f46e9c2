"""Rules that administrators write: conditions and matching are pure, `facts` reads what they are tried on."""
