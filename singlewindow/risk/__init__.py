"""Risk assessment as data: facts read from a declaration, conditions over them, profiles, routing, lanes."""
