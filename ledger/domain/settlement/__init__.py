"""Settlement: merchants are paid what they took, and clearing accounts go back to zero.

    terms.py      the terms of a merchant
    closing.py    a cut-off has come: fee, reserve and net are booked, and the payout begins, in one commit
    retrying.py   what came back is paid again, when two people agree
    clearing.py   what a bank or a processor has settled with us

Settlement knows payments. What payments have to tell stands beside both: `ledger/domain/takings.py`, what a merchant
took since its last cut-off, and `ledger/domain/payouts.py`, a settlement and the payments that pay it.
"""
