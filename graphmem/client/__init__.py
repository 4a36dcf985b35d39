"""A client of the service: the methods and values of `Memory`, over HTTP."""

from graphmem.client.client import Client
from graphmem.client.sync import SyncClient

__all__ = ["Client", "SyncClient"]
