"""Payments: from initiation to a final state, and what may still happen after it.

    life_cycle.py     the record of a payment, the table of its states, what each state refuses
    gates.py          what a payment has to pass, in order: review, payer, authentication, date
    initiation.py     from a client's wish to the first gate
    authorisation.py  strong customer authentication bound to amount and payee; a request for payment answered
    review.py         people decide: held payments, stuck payments, always two where money could be lost
    execution.py      accepted, given to a rail, settled, rejected, or not known
    refunds.py        given back by the payee: at once in the book, by asking a card processor
    returns.py        given or taken back by a rail
    recalls.py        asked back from the creditor's bank
    booking.py        the postings and holds of all of these

Every decision ends in the same place: ``gates.next_step`` says what the payment meets next, so a payment that was
reviewed, authorised or waited for its date goes on exactly as one that met no gate.
"""
