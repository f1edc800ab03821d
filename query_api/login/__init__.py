"""Logging in with a browser: OpenID Connect, authorization code with PKCE, and a session in a cookie.

provider.py    the identity provider, as far as a login needs it: its addresses, and a code for tokens
flow.py        one login, from the first redirect to the session
refusals.py    why a login is refused
public_url.py  the address that browsers know
page.py        what the person sees then
"""
