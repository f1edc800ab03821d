"""Rails: the ways on which money leaves the ledger and comes back, each behind the same two questions.

`send` asks a counterparty to execute an instruction, `inquire` asks what became of it. See docs/guides/rails.md for how
an adapter is written, and docs/decisions/0014-ask-before-sending-again.md for why there are two.
"""
