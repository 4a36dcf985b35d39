"""Who asks: a key of ours or a token by JWT, the tenant that it is for, and what it may do there."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar, cast

import jwt
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.datastructures import Headers

from graphmem.api.problems import Refused
from graphmem.errors import ScopeMissing, SettingsError
from graphmem.keys import Right
from graphmem.memory import Memory
from graphmem.models import Scope
from graphmem.settings import Service
from graphmem.text import digest

T = TypeVar("T")
KEY_CHARACTERS = 8192
KNOWN_SECONDS = 10.0
"""For so long what a check of a key found holds: one that is revoked no longer than that, one that was refused too."""
MOST_KNOWN = 10_000
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
LEEWAY_SECONDS = 30
_IMPLIED = {
    Right.READ: {Right.READ},
    Right.WRITE: {Right.READ, Right.WRITE},
    Right.ADMIN: {Right.READ, Right.WRITE, Right.ADMIN},
}
_CHALLENGE = {"WWW-Authenticate": "Bearer"}
bearer = HTTPBearer(auto_error=False, description="A key of `graphmem keys create`, or a token by JWT.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks: `id` is a key's, or a token's subject; the tenant is theirs, whatever the request says.

    `bucket` is what their requests are counted under, and nobody else's.
    """

    id: str
    bucket: str
    tenant: str
    rights: frozenset[Right]

    def scope(self, user: str) -> Scope:
        """Return a user's scope within the tenant; raises ScopeMissing."""
        return Scope(tenant=self.tenant, user=user)


@dataclass(slots=True)
class Gate:
    """Checks keys and tokens; `open_tenant` is for whom is asked where nobody needs a key, on this machine only."""

    memory: Memory
    service: Service
    open_tenant: str | None
    clock: Callable[[], float] = time.monotonic
    _known: dict[bytes, tuple[float, Principal]] = field(default_factory=dict[bytes, tuple[float, Principal]])
    _refused: dict[bytes, float] = field(default_factory=dict[bytes, float])
    _jwks: jwt.PyJWKSet | None = None

    def __post_init__(self) -> None:
        if self.service.jwks is not None:
            self._jwks = read_jwks(self.service)

    async def principal(self, presented: str | None) -> Principal:
        """Return who presents a key or token; raises Refused."""
        if presented is None:
            if self.open_tenant is None:
                raise Refused("unauthenticated", "no key was sent: Authorization: Bearer KEY.", _CHALLENGE)
            bucket = digest("local", self.open_tenant)
            return Principal(id="local", bucket=bucket, tenant=self.open_tenant, rights=frozenset(Right))
        if len(presented) > KEY_CHARACTERS or not presented.isascii():
            raise _unknown()
        # By digest, so that no key stays in memory, and finding one takes no longer for a nearly right one.
        hashed = hashlib.sha256(presented.encode()).digest()
        now = self.clock()
        known = self._known.get(hashed)
        if known is not None and now < known[0]:
            return known[1]
        if now < self._refused.get(hashed, -math.inf):
            raise _unknown()
        try:
            principal = await (self._by_token(presented) if presented.count(".") == 2 else self._by_key(presented))
        except Refused:
            # Apart from those that hold, which strangers could else crowd out.
            _remember(self._refused, hashed, now + KNOWN_SECONDS)
            raise
        _remember(self._known, hashed, (now + KNOWN_SECONDS, principal))
        return principal

    async def _by_key(self, presented: str) -> Principal:
        key = await self.memory.key_of(presented)
        if key is None:
            raise _unknown()
        bucket = digest("key", key.tenant, key.id)
        return Principal(id=key.id, bucket=bucket, tenant=key.tenant, rights=_with_implied(key.rights))

    async def _by_token(self, presented: str) -> Principal:
        if self._jwks is None:
            raise _unknown()
        try:
            header = jwt.get_unverified_header(presented)
            key = self._jwks[str(header.get("kid"))]
            claims: dict[str, Any] = jwt.decode(
                presented,
                key.key,
                algorithms=[a for a in ALGORITHMS if key.algorithm_name in (None, a)],
                audience=self.service.jwt_audience,
                issuer=self.service.jwt_issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "sub"], "verify_aud": self.service.jwt_audience is not None},
            )
            return _claimed(claims)
        except (jwt.PyJWTError, KeyError, ValueError) as exc:
            raise _unknown() from exc


def read_jwks(service: Service) -> jwt.PyJWKSet:
    """Return the public keys of the settings' file; raises SettingsError."""
    path = service.jwks
    try:
        return jwt.PyJWKSet.from_dict(json.loads(path.read_text(encoding="utf-8")) if path else {})
    except (OSError, ValueError, jwt.PyJWTError) as exc:
        raise SettingsError(f"GRAPHMEM_JWKS={str(path)!r} holds no usable keys ({exc}).") from exc


def _remember(kept: dict[bytes, T], hashed: bytes, found: T) -> None:
    if len(kept) >= MOST_KNOWN:
        kept.clear()
    kept[hashed] = found


def _claimed(claims: dict[str, Any]) -> Principal:
    """Return who a token speaks for: its `tenant`, and the rights in its `scope`; raises ValueError."""
    tenant, told = claims.get("tenant"), claims.get("scope", "")
    if not isinstance(tenant, str) or not isinstance(told, str):
        raise ValueError("a token needs the claims tenant and scope")  # noqa: TRY004
    try:
        _ = Scope(tenant=tenant, user="x")
    except ScopeMissing as exc:
        raise ValueError(str(exc)) from exc
    rights = [right for right in Right if right.value in told.split()]
    subject = str(claims["sub"])
    return Principal(
        id=subject[:200],
        bucket=digest("token", tenant, subject),
        tenant=tenant,
        rights=_with_implied(tuple(rights)),
    )


def _with_implied(rights: tuple[Right, ...]) -> frozenset[Right]:
    return frozenset(implied for right in rights for implied in _IMPLIED[right])


def _unknown() -> Refused:
    return Refused("unauthenticated", "the key or token is unknown, or holds no more.", _CHALLENGE)


async def who(headers: Headers, gate: Gate) -> Principal:
    """Return who sends a request with these headers; raises Refused."""
    given = headers.get("authorization")
    if given is None:
        return await gate.principal(None)
    scheme, _, presented = given.partition(" ")
    if scheme.lower() != "bearer" or not presented.strip():
        raise _unknown()
    return await gate.principal(presented.strip())


def needs(right: Right) -> Callable[..., Awaitable[Principal]]:
    """Return what refuses who has not a right; who asks was found out, and counted, before the body was read."""

    async def found(request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> Principal:
        principal = cast("Principal", request.state.principal)
        if right not in principal.rights:
            raise Refused("forbidden", f"this key may not {right.value}.")
        return principal

    return found


Reader = Annotated[Principal, Depends(needs(Right.READ))]
Writer = Annotated[Principal, Depends(needs(Right.WRITE))]
Admin = Annotated[Principal, Depends(needs(Right.ADMIN))]
