"""An identity provider for browsers on a developer's machine.

verb.py      `bursar identity`
provider.py  OpenID Connect, and a page on which one chooses a role
roles.py     the roles and their scopes
"""
