"""What is written: a declaration's XML, responses to traders, the schemas, the pages made from the element table."""
