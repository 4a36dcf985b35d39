"""The facade's keys: who may use the service, for which tenant, and what they may do there."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from graphmem import rows
from graphmem.base import Base
from graphmem.errors import InvalidInput, NotFound
from graphmem.models import Scope
from graphmem.ports import Row, Transaction
from graphmem.serial import utc_text

PREFIX = "gm"
NAME_LENGTH = 100
# A key is 256 random bits: the hash has to be slow for nobody's sake, and one check costs about 2 milliseconds.
_HASHER = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1)


class Right(StrEnum):
    """What a key may do; who may write may read, and an administrator may both."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key as it is kept: everything but the key itself. `id` is the part of it that is no secret.

    `expires_at` is the end that it was made with; one that was exchanged holds no longer than `exchanged_until`.
    """

    id: str
    tenant: str
    name: str
    rights: tuple[Right, ...]
    created_at: datetime
    expires_at: datetime | None = None
    exchanged_until: datetime | None = None
    revoked_at: datetime | None = None

    @property
    def ends_at(self) -> datetime | None:
        """When it holds no more, unless it is revoked before; None for never."""
        return min((at for at in (self.expires_at, self.exchanged_until) if at is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key that was just made; `secret` is the whole of it, shown this once."""

    key: Key
    secret: str


class Keys(Base):
    """Keys of the service, in the graph, so that all its processes know them."""

    async def create_key(
        self,
        *,
        tenant: str | None = None,
        name: str = "",
        rights: Sequence[str] = (Right.READ, Right.WRITE),
        expires_in: timedelta | None = None,
    ) -> NewKey:
        """Make a key for a tenant, the settings' own by default; raises InvalidInput."""
        whose = self._parts.settings.tenant if tenant is None else tenant
        _ = Scope(tenant=whose, user="x")  # refuses what is no tenant's name
        given = _rights(rights)
        if len(name) > NAME_LENGTH or not name.isprintable():
            raise InvalidInput(f"a key's name has at most {NAME_LENGTH} printable characters, not {name!a}.")
        if expires_in is not None and expires_in <= timedelta(0):
            raise InvalidInput(f"a key has to hold for some time, not {expires_in}.")
        fresh = _fresh()
        made = _made(fresh, whose, name, given, expires_in, self._parts.clock.now())

        async def work(transaction: Transaction) -> None:
            await _keep(made.key, fresh, transaction)

        await self._parts.store.transact(work)
        return made

    async def keys(self, *, tenant: str | None = None) -> tuple[Key, ...]:
        """Return the keys of a tenant, or of all, also those that hold no more."""
        return tuple(_key(row) for row in await self._parts.store.read("keys", tenant=tenant))

    async def key_of(self, secret: str) -> Key | None:
        """Return the key that a secret is, None for one that is unknown, revoked or past its end."""
        identity = "_".join(secret.split("_")[:2])
        found = await self._parts.store.read("key_by_id", id=identity)
        # In a thread, since others would wait for it; and an unknown key takes as long as a known one.
        fits = await asyncio.to_thread(_fits, found[0]["hash"] if found else None, secret)
        key = _key(found[0]) if found and fits else None
        return key if key is not None and holds(key, self._parts.clock.now()) else None

    async def revoke_key(self, key_id: str) -> None:
        """Let a key hold no more, for good; raises NotFound."""
        now = self._parts.clock.now()

        async def work(transaction: Transaction) -> bool:
            return await _end(key_id, now, transaction, revoke=True)

        if not await self._parts.store.transact(work):
            raise NotFound(f"there is no key {key_id!r}.")

    async def rotate_key(self, key_id: str, *, overlap: timedelta = timedelta(days=1)) -> NewKey:
        """Make a key like another, with as long a life; the old one holds for `overlap` longer. Raises NotFound.

        One that is exchanged again gets another such key, and ends when it was to end already, or sooner where a
        shorter `overlap` is asked for.
        """
        if overlap < timedelta(0):
            raise InvalidInput(f"the old key cannot hold for {overlap} longer.")
        fresh, now = _fresh(), self._parts.clock.now()

        async def work(transaction: Transaction) -> NewKey:
            known = next((_key(row) for row in await transaction.read("key_by_id", id=key_id)), None)
            if known is None or not holds(known, now):
                raise NotFound(f"there is no key {key_id!r} that holds.")
            life = known.expires_at - known.created_at if known.expires_at else None
            made = _made(fresh, known.tenant, known.name, known.rights, life, now)
            await _keep(made.key, fresh, transaction)
            await _end(key_id, now + overlap, transaction, revoke=False)
            return made

        return await self._parts.store.transact(work)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fresh:
    """A new key's id, secret and hash, made before its transaction, which may run several times."""

    id: str
    secret: str
    hashed: str


def _fresh() -> _Fresh:
    key_id = f"{PREFIX}_{secrets.token_hex(6)}"
    secret = f"{key_id}_{secrets.token_urlsafe(32)}"
    return _Fresh(id=key_id, secret=secret, hashed=_HASHER.hash(secret))


def _made(
    fresh: _Fresh, tenant: str, name: str, rights: tuple[Right, ...], life: timedelta | None, now: datetime
) -> NewKey:
    expires = now + life if life else None
    key = Key(id=fresh.id, tenant=tenant, name=name, rights=rights, created_at=now, expires_at=expires)
    return NewKey(key=key, secret=fresh.secret)


async def _keep(key: Key, fresh: _Fresh, transaction: Transaction) -> None:
    await transaction.write(
        "create_key",
        id=key.id,
        tenant=key.tenant,
        name=key.name,
        hash=fresh.hashed,
        rights=[right.value for right in key.rights],
        now=utc_text(key.created_at),
        expires=utc_text(key.expires_at) if key.expires_at else None,
    )


async def _end(key_id: str, at: datetime, transaction: Transaction, *, revoke: bool) -> bool:
    return bool(await transaction.write("end_key", id=key_id, at=utc_text(at), revoke=revoke))


def holds(key: Key, now: datetime) -> bool:
    """Tell whether a key may be used at a time."""
    return key.revoked_at is None and (key.ends_at is None or now < key.ends_at)


def _rights(given: Sequence[str]) -> tuple[Right, ...]:
    known = {right.value for right in Right}
    unknown = sorted(set(given) - known)
    if unknown or not given:
        raise InvalidInput(f"a key's rights are some of read, write and admin, not {', '.join(unknown) or 'none'}.")
    return tuple(right for right in Right if right.value in set(given))


def _key(row: Row) -> Key:
    return Key(
        id=row["id"],
        tenant=row["tenant"],
        name=row["name"],
        rights=tuple(Right(r) for r in row["rights"]),
        created_at=rows.moment(row["created_at"]),
        expires_at=rows.moment(row["expires_at"]) if row["expires_at"] else None,
        exchanged_until=rows.moment(row["exchanged_until"]) if row["exchanged_until"] else None,
        revoked_at=rows.moment(row["revoked_at"]) if row["revoked_at"] else None,
    )


def _fits(hashed: str | None, secret: str) -> bool:
    try:
        return _HASHER.verify(hashed or _nobody(), secret)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    """Return the hash of a key that nobody has."""
    return _HASHER.hash(secrets.token_urlsafe(32))
