"""What a declaration is: safe reading of XML and JSON, validation in plain words, canonical form, agency views."""
