"""Commands of the service: serving, working, the queue, keys."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from graphmem.cli.common import JsonOption, LimitOption, ScopeOption, named_scope, printed, said, with_memory
from graphmem.keys import Key, NewKey, Right
from graphmem.memory import Memory
from graphmem.models import Scope
from graphmem.queue import Waiting
from graphmem.settings import read_service, read_settings
from graphmem.worker import Pace, Worker
from graphmem.write.pipeline import Outcome

commands = typer.Typer()
queue = typer.Typer(help="Look at the messages that wait to be read, in all scopes.", no_args_is_help=True)
keys = typer.Typer(help="Make, list, exchange and revoke the keys of the service.", no_args_is_help=True)
TenantOption = Annotated[str | None, typer.Option("--tenant", "-t", help="whose; else GRAPHMEM_TENANT")]
KeyArgument = Annotated[str, typer.Argument(help="the key's id, its first two parts: gm_0123456789ab")]


@commands.command()
def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any that is free")] = 8000,
    host: Annotated[str | None, typer.Option(help="the address to listen on; without keys only this machine")] = None,
    processes: Annotated[int, typer.Option(min=1, max=64, help="how many processes answer")] = 1,
    worker: Annotated[bool, typer.Option(help="also read what waits; else graphmem worker does")] = True,
) -> None:
    """Serve the memory over HTTP: with keys to whoever has one, without any on this machine only."""
    from graphmem.api.serving import serve as listen  # noqa: PLC0415  (FastAPI is slow to import)

    said(lambda: listen(read_settings(), port, host=host, processes=processes, works=worker))


@commands.command()
def worker(
    once: Annotated[bool, typer.Option("--once", help="end when nothing is due")] = False,
    metrics_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="serve /metrics there, for Prometheus; 0 for any that is free")
    ] = None,
    metrics_host: Annotated[str, typer.Option(help="the address to serve them at")] = "127.0.0.1",
    as_json: JsonOption = False,
) -> None:
    """Draw facts from what waits in all scopes, beside other workers, until it is stopped."""
    from graphmem.api.logs import log_json  # noqa: PLC0415  (as for serve)

    how = read_service()
    log_json(how.log_level)

    async def work(memory: Memory) -> None:
        def tell(scope: Scope, outcome: Outcome) -> None:
            _tell(scope, outcome, as_json)

        if metrics_port is None:
            await _work(Worker(memory, Pace.of(how), told=tell), once=once)
            return
        from graphmem.api.beside import metrics_served  # noqa: PLC0415  (FastAPI is slow to import)

        async with metrics_served(memory, metrics_port, host=metrics_host) as (metrics, address):
            print(address, file=sys.stderr, flush=True)

            def told(scope: Scope, outcome: Outcome) -> None:
                metrics.read(scope, outcome)
                tell(scope, outcome)

            await _work(Worker(memory, Pace.of(how), told=told), once=once)

    with_memory(work)


async def _work(busy: Worker, *, once: bool) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, busy.stop)
    await (busy.run_until_empty() if once else busy.run())


def _tell(scope: Scope, outcome: Outcome, as_json: bool) -> None:
    told = {
        "scope": scope.key,
        "read": outcome.done,
        "decisions": len(outcome.changes),
        "parked": len(outcome.parked),
        "waits_for": outcome.waits_for,
    }
    waits = f", waits: {outcome.waits_for}" if outcome.waits_for else ""
    text = f"{scope.key}: {outcome.done} read, {len(outcome.changes)} decisions, {len(outcome.parked)} parked{waits}"
    printed(as_json, told, lambda _: print(text, flush=True))


@queue.command("list")
def list_queue(tenant: TenantOption = None, limit: LimitOption = 100, as_json: JsonOption = False) -> None:
    """List the scopes in which messages wait or are parked, of all tenants or one."""

    async def work(memory: Memory) -> None:
        found = await memory.queue(tenant=tenant, limit=limit)
        printed(as_json, found, lambda console: _show_queue(console, found))

    with_memory(work)


@queue.command("retry")
def retry_queue(scope: ScopeOption = "", tenant: TenantOption = None, as_json: JsonOption = False) -> None:
    """Put a scope's parked messages back into the queue, for a worker to read."""

    async def work(memory: Memory) -> None:
        resumed = await memory.resume(scope=_scope(scope, tenant))
        printed(as_json, {"resumed": resumed}, lambda _: print(f"{resumed} messages wait again."))

    with_memory(work)


@queue.command("drop")
def drop_queue(scope: ScopeOption = "", tenant: TenantOption = None, as_json: JsonOption = False) -> None:
    """Give up reading a scope's parked messages; they stay searchable."""

    async def work(memory: Memory) -> None:
        dropped = await memory.drop(scope=_scope(scope, tenant))
        printed(as_json, {"dropped": dropped}, lambda _: print(f"{dropped} messages are read no more."))

    with_memory(work)


def _scope(named: str, tenant: str | None) -> Scope:
    """Return the scope of a user and tenant, of the settings' tenant for none."""
    return Scope(user=named_scope(named), tenant=tenant or read_settings().tenant)


def _show_queue(console: Console, found: Sequence[Waiting]) -> None:
    if not found:
        console.print("Nothing waits, and nothing is parked.")
        return
    table = Table("tenant", "scope", "waiting", "parked", "tries", "why")
    for one in found:
        counts = (str(count) for count in (one.waiting, one.parked, one.attempts))
        table.add_row(escape(one.scope.tenant), escape(one.scope.user), *counts, escape(one.reason or ""))
    console.print(table)


@keys.command("create")
def create_key(
    tenant: TenantOption = None,
    name: Annotated[str, typer.Option(help="what it is for, for people")] = "",
    right: Annotated[
        list[Right] | None, typer.Option("--right", help="read, write or admin; read and write without this")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, max=36_500, help="it ends after so many days")] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key and print it, this once."""

    async def work(memory: Memory) -> None:
        first = not await memory.keys()
        made = await memory.create_key(
            tenant=tenant,
            name=name,
            rights=right or (Right.READ, Right.WRITE),
            expires_in=timedelta(days=days) if days else None,
        )
        if first:
            print("A service that runs without keys is open to this machine until it is started anew.", file=sys.stderr)
        printed(as_json, made, lambda _: _show_new(made))

    with_memory(work)


@keys.command("list")
def list_keys(tenant: TenantOption = None, as_json: JsonOption = False) -> None:
    """List the keys of all tenants or one; what they are themselves is not kept."""

    async def work(memory: Memory) -> None:
        found = await memory.keys(tenant=tenant)
        printed(as_json, found, lambda console: _show_keys(console, found))

    with_memory(work)


@keys.command("rotate")
def rotate_key(
    key: KeyArgument,
    hours: Annotated[float, typer.Option(min=0, max=8760, help="how long the old one still holds")] = 24,
    as_json: JsonOption = False,
) -> None:
    """Make a key like another, with as long a life, and print it; the old one holds a while longer."""

    async def work(memory: Memory) -> None:
        made = await memory.rotate_key(key, overlap=timedelta(hours=hours))
        printed(as_json, made, lambda _: _show_new(made))

    with_memory(work)


@keys.command("revoke")
def revoke_key(key: KeyArgument, as_json: JsonOption = False) -> None:
    """Let a key hold no more; services notice within 10 seconds."""

    async def work(memory: Memory) -> None:
        await memory.revoke_key(key)
        printed(as_json, {"revoked": key}, lambda _: print(f"{key} holds no more."))

    with_memory(work)


def _show_new(made: NewKey) -> None:
    print(made.secret)


def _show_keys(console: Console, found: Sequence[Key]) -> None:
    if not found:
        console.print("There are no keys. Make one: graphmem keys create --tenant acme")
        return
    table = Table("id", "tenant", "name", "rights", "made", "ends", "revoked")
    for key in found:
        times = [f"{at:%Y-%m-%d %H:%M}" if at else "" for at in (key.created_at, key.ends_at, key.revoked_at)]
        table.add_row(key.id, escape(key.tenant), escape(key.name), ", ".join(key.rights), *times)
    console.print(table)
