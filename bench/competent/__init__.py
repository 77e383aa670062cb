"""The pipeline of somebody who knows the costs: raw SQL, one statement at intake, one RQ job for each declaration.

The job asks all agencies concerned, merges, and writes everything in one transaction. Reader, rules, routing, adapters
and merge are the product's.
"""
