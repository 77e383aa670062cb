"""Supporting documents over HTTP: given, listed, downloaded, and named in the answer to whoever asked for them."""
