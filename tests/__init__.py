"""The tests, sorted by what they need: nothing, servers, the whole product."""
