"""How agencies are asked: the contract every agency answers by, and one module per kind of agency."""
