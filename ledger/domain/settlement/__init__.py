"""Settlement: merchants are paid what they took, and clearing accounts go back to zero.

    takings.py    what a merchant took since its last cut-off, counted as payments settle, are refunded or returned
    payouts.py    a settlement and the payments that pay it: never twice, and what came back is known
    terms.py      the terms of a merchant
    closing.py    a cut-off has come: fee, reserve and net are booked, and the payout begins, in one commit
    retrying.py   what came back is paid again, when two people agree
    clearing.py   what a bank or a processor has settled with us

Payments know `takings` and `payouts` and tell them what happens; the others know payments.
"""
