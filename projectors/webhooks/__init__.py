"""Webhooks: public events, POSTed to the endpoints that customers' systems registered.

delivering.py   one attempt to deliver one event to one endpoint, and what to do about its outcome
schedule.py     when a failed delivery is tried again, and when it is given up
"""
