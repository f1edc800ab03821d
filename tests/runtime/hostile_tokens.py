"""Tokens written by hand, without the checks a library makes: good ones, and a corpus of hostile ones.

Each hostile token stands with what it tries and the code it must be refused with ("*": any).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc.jwk import ECKey, OKPKey, RSAKey

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NOW_S = int(NOW.timestamp())
ISSUER = "https://issuer.example"
AUDIENCE = "bursar"

ED_KEY = ed25519.Ed25519PrivateKey.generate()
EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)
WEAK_RSA_KEY = rsa.generate_private_key(65537, 1024)
P384_KEY = ec.generate_private_key(ec.SECP384R1())
STRANGER_KEY = ed25519.Ed25519PrivateKey.generate()

Claims = dict[str, Any]


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def claims(**changes: Any) -> Claims:
    """Good claims, changed; a change to `...` leaves the claim out."""
    good: Claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "alice",
        "tenant": "acme",
        "scope": "transfers:write accounts:read",
        "ledgers": ["main"],
        "iat": NOW_S - 10,
        "exp": NOW_S + 600,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


def signature_of(signing_input: bytes, alg: str, key: Any) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(signing_input)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(signing_input, ec.ECDSA(hashes.SHA256())))
        size = (key.key_size + 7) // 8
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(signing_input, padding.PKCS1v15(), hashes.SHA256())
    return hmac.new(key, signing_input, hashlib.sha256).digest()


def sign(header: bytes | dict[str, Any], payload: bytes | Claims, key: Any = ED_KEY) -> str:
    """Write a token without any of the checks that a library would make."""
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    signing_input = f"{b64(head)}.{b64(body)}"
    return f"{signing_input}.{b64(signature_of(signing_input.encode(), '', key))}"


ED = {"alg": "Ed25519", "kid": "ed", "typ": "at+jwt"}


def token(header: dict[str, Any] | None = None, /, **changes: Any) -> str:
    return sign(header or ED, claims(**changes))


def jwk(kind: Any, key: Any, kid: str, **more: Any) -> dict[str, Any]:
    with warnings.catch_warnings(action="ignore"):  # the library warns about the weak key, rightly
        return {**kind.import_key(key).as_dict(private=False), "kid": kid, **more}


KEY_SET = {
    "keys": [
        jwk(OKPKey, ED_KEY.public_key(), "ed", alg="Ed25519", use="sig"),
        jwk(ECKey, EC_KEY.public_key(), "ec"),
        jwk(RSAKey, RSA_KEY.public_key(), "rsa"),
        jwk(RSAKey, WEAK_RSA_KEY.public_key(), "weak"),
        jwk(ECKey, P384_KEY.public_key(), "p384"),
        jwk(RSAKey, RSA_KEY.public_key(), "for-encryption", use="enc"),
        jwk(RSAKey, RSA_KEY.public_key(), "says-hs256", alg="HS256"),
        jwk(ECKey, EC_KEY.public_key(), "says-rs256", alg="RS256"),
        {"kty": "oct", "k": b64(b"secret" * 8), "kid": "shared", "alg": "HS256"},
    ]
}


def _hostile() -> Iterator[tuple[str, str, str]]:
    """Yield (what, token, the code it must be refused with)."""
    good = token()
    head, body, signature = good.split(".")
    rsa_pem = RSA_KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    rsa_der = RSA_KEY.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    ec_pem = EC_KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    rsa_jwk = json.dumps(KEY_SET["keys"][2]).encode()
    yield from _hostile_algorithms(body, rsa_pem, rsa_der, ec_pem, rsa_jwk)
    yield from _hostile_headers()
    yield from _hostile_shapes(good, head, body, signature)
    yield from _hostile_claims()
    yield from _hostile_times()
    yield from _hostile_words()


def _hostile_algorithms(
    body: str, rsa_pem: bytes, rsa_der: bytes, ec_pem: bytes, rsa_jwk: bytes
) -> Iterator[tuple[str, str, str]]:
    for none in ("none", "None", "NONE", "nOnE"):
        unsigned = b64(json.dumps({"alg": none, "kid": "ed"}).encode())
        yield f"alg {none}, empty signature", f"{unsigned}.{body}.", "malformed_token"
        yield f"alg {none}, some signature", f"{unsigned}.{body}.{b64(b'x')}", "wrong_algorithm"
    for name, secret in {"PEM": rsa_pem, "DER": rsa_der, "JWK": rsa_jwk}.items():
        yield (
            f"HS256 with the RSA key as {name}",
            sign({"alg": "HS256", "kid": "rsa"}, claims(), secret),
            ("wrong_algorithm"),
        )
    yield "HS256 with the EC key as PEM", sign({"alg": "HS256", "kid": "ec"}, claims(), ec_pem), "wrong_algorithm"
    yield (
        "HS256 with a shared key of the set",
        (sign({"alg": "HS256", "kid": "shared"}, claims(), b"secret" * 8)),
        "wrong_algorithm",
    )
    for alg in ("RS384", "RS512", "PS256", "ES384", "ES256K", "Ed448", "HS512", "rs256", " RS256", "RS256\0", ""):
        yield f"alg {alg!r} is not allowed", sign({"alg": alg, "kid": "rsa"}, claims(), RSA_KEY), "*"
    mismatches = [
        ("RS256", "ec", EC_KEY),
        ("ES256", "rsa", RSA_KEY),
        ("EdDSA", "rsa", RSA_KEY),
        ("RS256", "ed", ED_KEY),
    ]
    for alg, kid, key in mismatches:
        yield f"{alg} with the key {kid}", sign({"alg": alg, "kid": kid}, claims(), key), "wrong_algorithm"
    unusable = [("weak", "RS256", WEAK_RSA_KEY), ("p384", "ES256", P384_KEY), ("for-encryption", "RS256", RSA_KEY)]
    unusable += [("says-hs256", "RS256", RSA_KEY), ("says-rs256", "ES256", EC_KEY), ("says-rs256", "RS256", RSA_KEY)]
    for kid, alg, key in unusable:
        yield f"the set's key {kid} under {alg}", sign({"alg": alg, "kid": kid}, claims(), key), "unknown_key"


def _hostile_headers() -> Iterator[tuple[str, str, str]]:
    own = jwk(OKPKey, STRANGER_KEY.public_key(), "ed")
    for name, value in {
        "jwk": own,
        "jku": "https://evil.example/jwks.json",
        "x5u": "https://evil.example/cert.pem",
        "x5c": ["MIIB"],
        "crit": ["exp"],
        "b64": False,
        "enc": "A256GCM",
        "zip": "DEF",
        "cty": "JWT",
        "url": "https://evil.example",
    }.items():
        yield f"header {name}", sign({**ED, name: value}, claims(), STRANGER_KEY), "refused_header"
        yield f"header {name}, really signed", sign({**ED, name: value}, claims()), "refused_header"
    kids = ["../../etc/passwd", "' OR 1=1 --", "ed ", "ED", "other-tenant", "", "k" * 10_000, "ed\0", 7, None, ["ed"]]
    for kid in kids:
        shown = repr(kid)[:20]
        yield f"kid {shown}", sign({**ED, "kid": kid}, claims()), "*"
    yield "no kid", sign({"alg": "Ed25519"}, claims()), "refused_header"
    yield "no alg", sign({"kid": "ed"}, claims()), "refused_header"
    yield "alg as a list", sign({**ED, "alg": ["Ed25519"]}, claims()), "refused_header"
    yield "alg twice", sign(b'{"alg":"none","kid":"ed","alg":"Ed25519"}', claims()), "malformed_token"
    for typ in ("id+jwt", "logout+jwt", "dpop+jwt", "secevent+jwt", "refresh", "JWE"):
        yield f"typ {typ}", sign({**ED, "typ": typ}, claims()), "not_an_access_token"
    yield "header is a list", sign(b"[]", claims()), "refused_header"
    yield "header is not JSON", sign(b"alg", claims()), "malformed_token"
    yield "header nests deeply", sign(b"[" * 1000 + b"]" * 1000, claims()), "malformed_token"


def _hostile_shapes(good: str, head: str, body: str, signature: str) -> Iterator[tuple[str, str, str]]:
    yield "empty", "", "malformed_token"
    yield "one part", head, "malformed_token"
    yield "two parts", f"{head}.{body}", "malformed_token"
    yield "empty signature", f"{head}.{body}.", "malformed_token"
    yield "empty payload", f"{head}..{signature}", "malformed_token"
    yield "four parts", f"{good}.{signature}", "malformed_token"
    yield "nested JWE", f"{head}.{body}.{signature}.{body}.{signature}", "malformed_token"
    yield (
        "JSON serialisation",
        json.dumps({"payload": body, "protected": head, "signature": signature}),
        ("malformed_token"),
    )
    yield "padded", f"{head}.{body}.{signature}==", "malformed_token"
    yield "standard alphabet", f"{head}.{body}.{signature.replace('-', '+').replace('_', '/')}+", "malformed_token"
    yield "white space around", f" {good}", "malformed_token"
    yield "newline at the end", f"{good}\n", "malformed_token"
    yield "white space inside", f"{head}. {body}.{signature}", "malformed_token"
    yield "not ASCII", f"{head}.{body}.{signature[:-1]}é", "malformed_token"
    yield (
        "truncated signature",
        f"{head}.{body}.{b64(base64.urlsafe_b64decode(signature + '==')[:-1])}",
        "bad_signature",
    )
    yield "zero signature", f"{head}.{body}.{b64(bytes(64))}", "bad_signature"
    yield "signature of another token", f"{head}.{body}.{token(sub='bob').split('.')[2]}", "bad_signature"
    yield "payload exchanged", f"{head}.{token(sub='bob').split('.')[1]}.{signature}", "bad_signature"
    yield "signed by a stranger", sign(ED, claims(), STRANGER_KEY), "bad_signature"
    es256 = b64(json.dumps({"alg": "ES256", "kid": "ec"}).encode())
    yield "psychic signature (r = s = 0)", f"{es256}.{body}.{b64(bytes(64))}", "bad_signature"
    yield (
        "signature in DER",
        (f"{es256}.{body}.{b64(EC_KEY.sign(f'{es256}.{body}'.encode(), ec.ECDSA(hashes.SHA256())))}"),
        "bad_signature",
    )
    last = signature[-1]
    other = chr(ord(last) + 1) if last not in "9Zz_" else "B"
    yield "another spelling of the same bytes", f"{head}.{body}.{signature[:-1]}{other}", "*"
    yield "larger than 8 KiB", token(extra="x" * 9000), "malformed_token"
    yield "4 MB", "a" * 4_000_000, "malformed_token"


def _hostile_claims() -> Iterator[tuple[str, str, str]]:
    for name in ("iss", "aud", "exp", "iat", "sub", "tenant"):
        yield f"no {name}", token(**{name: ...}), "invalid_claims"
        yield f"{name} is null", token(**{name: None}), "invalid_claims"
    for mark in ("nonce", "at_hash", "c_hash", "events"):
        yield f"an ID or event token by its {mark}", token(**{mark: "x"}), "not_an_access_token"
    for use in ("id", "refresh", "logout"):
        yield f"token_use {use}", token(token_use=use), "not_an_access_token"
    good = json.dumps(claims())
    repeated: Claims = {"sub": "admin", "exp": NOW_S + 9, "scope": "admin", "aud": "bursar"}
    for name, value in repeated.items():
        twice = f"{good[:-1]}, {json.dumps(name)}: {json.dumps(value)}}}".encode()
        yield f"{name} twice", sign(ED, twice), "malformed_token"
    yield "claims are a list", sign(ED, b"[]"), "invalid_claims"
    yield "claims are not JSON", sign(ED, b"sub=alice"), "malformed_token"
    yield "claims nest deeply", sign(ED, b'{"a":' * 500 + b"1" + b"}" * 500), "malformed_token"


def _hostile_times() -> Iterator[tuple[str, str, str]]:
    for name in ("exp", "iat", "nbf"):
        for value in (str(NOW_S), NOW_S + 0.5, float(NOW_S), 1e300, -1, True, [NOW_S], 2**63, 10**30):
            yield f"{name} is {value!r:.20}", token(**{name: value}), "invalid_claims"
    yield "exp is Infinity", sign(ED, json.dumps(claims(exp=float("inf"))).encode()), "malformed_token"
    yield "expired a second ago", token(exp=NOW_S - 1), "expired_token"
    yield "expires now", token(exp=NOW_S), "expired_token"
    yield "lives for 100 years", token(exp=NOW_S + 100 * 365 * 86_400), "lifetime_too_long"
    yield "lives a second too long", token(iat=NOW_S, exp=NOW_S + 86_401), "lifetime_too_long"
    yield "issued after its end", token(iat=NOW_S + 5, exp=NOW_S + 5), "lifetime_too_long"
    yield "issued in the future", token(iat=NOW_S + 60), "token_from_the_future"
    yield "not valid yet", token(nbf=NOW_S + 60), "token_not_yet_valid"


def _hostile_words() -> Iterator[tuple[str, str, str]]:
    wrong_audiences: tuple[Any, ...] = (
        "bursa",
        "bursar ",
        "BURSAR",
        "bursar.evil",
        "",
        [],
        ["other"],
        [AUDIENCE, "other"],
        ["bursar"] * 2,
    )
    words: dict[str, tuple[str, tuple[Any, ...]]] = {
        "aud": ("wrong_audience", wrong_audiences),
        "iss": ("*", (ISSUER + "/", ISSUER.upper(), "http://issuer.example", "", ISSUER + "\0")),
        "sub": ("invalid_claims", ("", "a b", "a\nb", "ａｌｉｃｅ", "a\u200bb", "x" * 256, 7)),
        "tenant": ("invalid_claims", ("", "ACME", "acme ", "../other", "a*", "acme\n", 7)),
        "scope": (
            "invalid_claims",
            (" a", "a ", "a  b", "a\tb", "a\u00a0b", "a\u2003b", "ａ", 'a"b', "a\\b", "a\nb", ["transfers:write"]),
        ),
        "ledgers": ("invalid_claims", ("main", [""], ["Main"], ["main "], ["*"], [1], {"main": 1})),
    }
    for name, (code, values) in words.items():
        for value in values:
            yield f"{name} is {value!r:.20}", token(**{name: value}), code
    yield "aud is an object", token(aud={"bursar": 1}), "invalid_claims"
    yield "100 scopes", token(scope=" ".join(f"s{number}" for number in range(100))), "invalid_claims"
    yield "65 ledgers", token(ledgers=[f"l{number}" for number in range(65)]), "invalid_claims"


HOSTILE = list(_hostile())
