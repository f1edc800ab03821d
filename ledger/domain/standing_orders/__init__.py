"""Standing orders: a wish that becomes a payment on every day of its recurrence, once.

An occurrence is issued in one commit: the order moves on to its next day, the payment exists, and it has met its first
gate. So an occurrence is neither skipped nor doubled, whoever asks how often; and a payment that is then rejected (no
funds, a limit) is rejected like any other, while the order goes on.

Its parties are sealed and screened, and it is scored, when it is created; every payment carries that assessment. Strong
authentication is asked for once, where the first payment would need it: it authorises the series (RTS 2018/389,
article 14), whose amount and payee never change. What falls due while it is suspended is not made up for; what falls
due while no timer runs is, each day once and in order.
"""
