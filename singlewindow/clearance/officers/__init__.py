"""Officers answer questions: they take them, ask the party, and answer or give them back."""
