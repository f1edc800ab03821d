"""Live updates: one producer for all clients of a process, and a bounded queue for each.

news.py    what is told, from events and from two overviews
frames.py  how it is written: server-sent events, many in one frame
client.py  one client: its queue, and the answer that sends it
hub.py     the producer: woken by announcements, it reads once and hands the same bytes to everybody
"""
