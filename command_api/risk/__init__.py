"""The risk score of a payment, made at the door.

scorer.py       one assessment: read the features, score, decide; the policy when they cannot be read
reading.py      the features' raw figures from Redis, in one call, within a deadline
features.py     figures to features: pure
scoring.py      features to an assessment, by a ruleset and a model: pure
ruleset.py      the ruleset: a document of rules, thresholds and bands, checked as a whole
expression.py   one condition: a small part of CEL, which cannot loop
model.py        the statistical model: whole numbers only
shelf.py        rulesets and models on disk, which of them is active, and who made it so
memory.py       the figures kept in memory instead of Redis, for replaying history
"""
