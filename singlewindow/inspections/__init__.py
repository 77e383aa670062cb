"""One inspection for all agencies: what is done with the goods, where and when, and what follows from it."""
