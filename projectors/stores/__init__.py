"""Where versions of a read model are kept, and what can be done to one whatever it holds.

store.py         what every store can do
redis.py         models in Redis: a version is a prefix of keys, the pointer is a key
lake.py          the lake: a version is a folder of tables, the pointer is a file
stream.py        the public stream, which has one version
registry.py      which model is kept in which store
holding.py       two versions at one position for a moment, so that they can be compared
redis_digest.py  comparing two versions in Redis, lake_digest.py two of the lake; comparing.py adds up what they find
"""
