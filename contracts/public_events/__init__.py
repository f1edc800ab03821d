"""What other systems are told: one documented, versioned struct per kind of public event.

    data.py         the root of all public data, and what several of them carry
    accounts.py …   one module per context
    kinds.py        every kind by its name, such as `payment.settled.v1`
    cloud_event.py  the CloudEvents 1.0 envelope around them
    asyncapi.py     the document that describes the stream, generated from the above

Public data is an allow-list: a field is public because somebody wrote it down here. It carries identifiers, amounts,
dates and ISO 20022 codes; no free text, no metadata, no balance, nothing that was sealed, nothing about who acted or
how a payment was judged. The book's own events may change freely behind it.

A kind never changes except by a new optional field. Anything else is a new kind with the next version, published beside
the old one (`./bursar lint` compares with the published schemas and says so).
"""
