"""Supporting documents are given, by the party or by officers, and what was asked for is answered."""
