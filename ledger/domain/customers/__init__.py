"""Customers: people and companies that are known, verified, screened, and forgotten when the law allows it.

onboarding    application, documents, verification by two people, risk class, re-verification
cases         what screening found, and two people's decision about it
ending        restriction, the end of the relation, erasure
"""
