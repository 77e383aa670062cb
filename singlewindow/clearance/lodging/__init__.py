"""From bytes to a stored declaration: read, validated, admitted, and written together with others."""
