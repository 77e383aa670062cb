"""Supporting documents as bytes."""
