"""Supporting documents as bytes: their types, the stores that keep them, and the scanner that looks into them."""
