"""From hostile bytes to a declaration: screened, parsed, checked against the schema; every fault with its place."""
