"""Payment files at the door: read beside the loop, turned into payments, and answered by a pain.002.

pain.001 --> read (thread) --> the file is taken --> every transaction is a wish --> sequencer --> pain.002
             refused: 422      under the client's    under a key of its own,
                               idempotency key       remembered even if it is no payment
"""
