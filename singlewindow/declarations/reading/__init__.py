"""From hostile bytes to a declaration: screen, parse, check against the schema; every fault with its place."""
