"""The pipeline that one would write first: one RQ job for each agency and declaration and one to merge, with an ORM.

It is meant to be good of its kind: the product's own reader, rules, routing, adapters and merge; one object graph and
one commit for each lodgement; workers that do not fork; RQ's defaults otherwise.
"""
