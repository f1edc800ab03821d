"""Webhooks: public events, POSTed to the endpoints that customers' systems registered.

reactor.py      which tasks an event asks for, and how each is performed
endpoints.py    the endpoints as the book remembers them, and their secrets
delivering.py   one attempt to deliver one event to one endpoint, and what to do about its outcome
schedule.py     when a failed delivery is tried again, and when it is given up
"""
