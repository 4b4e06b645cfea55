"""Files as tables of text: how they are encoded, separated and laid out."""
