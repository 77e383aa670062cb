"""The life of a declaration, from before the goods' arrival until they have left (pure)."""
