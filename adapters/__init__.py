"""How agencies are asked: the contract that every adapter follows, and one module for each kind of agency."""
