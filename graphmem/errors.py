"""Every error that graphmem raises on purpose.

GraphMemError
├── InvalidInput               what was passed in cannot be used; nothing was stored
│   ├── InvalidMessage
│   ├── ScopeMissing
│   ├── UnreadableFile
│   ├── CypherRefused          a query that reads more than it may, or is none
│   └── OntologyError
├── FileUnwritable             a file that cannot be written; what is in it already stays
├── SettingsError              a setting is wrong; names the variable
├── MessageConflict            a message's id, or a request's key, is kept with something else
├── UndoRefused                later changes build on the one to undo, or what it left has to stay
├── WrongLoop                  a call from where the memory's event loop cannot answer it
├── NotFound                   no such fact, entity or episode in this scope
├── QueryError                 a query file is unnamed, duplicate, empty or without scope
├── ModelError                 the chat model did not answer usefully
│   ├── ModelUnavailable       no model, no key, no connection, too late
│   ├── ReplyUnparsable        an answer that does not fit the schema
│   ├── ReplyRefused           an answer that fits the schema and breaks a rule
│   ├── PromptTooLong          more than the model can read at once
│   ├── BatchTooCostly         some messages that take more calls or tokens than a batch may
│   └── ReplyNotRecorded       the recording holds no such reply
├── BudgetSpent                a scope's or the day's calls or tokens are spent; what waits is read later
├── EmbedderError              the embedding model cannot be loaded, or does not answer usefully
│   └── VectorsForeign         the graph's vectors are another model's, or are being written anew
├── RerankerError              the reranker cannot be loaded
├── ServiceRefused             the service does not take the key, or the key may not do that
├── ServiceUnavailable         the service does not answer, or does not say what is wrong
│   └── AnswerLost             no answer came, or none of the service's own: it may have been done all the same
└── StoreError                 the graph store
    ├── StoreUnavailable       cannot be reached or started
    ├── StoreForbidden         wrong password, read-only member
    ├── StoreTimeout           took longer than the settings allow
    ├── QueryFailed            a user's query that the store could not answer
    ├── StoreExhausted         no memory or disk left for what was asked
    ├── StoreForeign           a directory or graph that is not graphmem's
    ├── StoreNewer             written by a newer graphmem
    ├── StoreOlder             written by an older graphmem, to be migrated
    ├── StoreUnsupported       a server version that graphmem does not speak
    └── StoreConflict          lost a race more often than it retries
"""


class GraphMemError(Exception):
    """Base of all errors raised by graphmem."""


class InvalidInput(GraphMemError, ValueError):
    """Input that cannot be used; raised before anything is stored."""


class InvalidMessage(InvalidInput):
    """A message that cannot be stored as it is."""


class ScopeMissing(InvalidInput):
    """A call that names no usable scope."""


class UnreadableFile(InvalidInput):
    """A file whose content is not what the command reads; names the line."""


class CypherRefused(InvalidInput):
    """A query that is not part of the Cypher that users may write; says where and why."""


class OntologyError(InvalidInput):
    """An ontology file that contradicts itself or names what it may not."""


class FileUnwritable(GraphMemError):
    """A file that cannot be written."""


class SettingsError(GraphMemError, ValueError):
    """A setting that is missing or wrong."""


class MessageConflict(GraphMemError):
    """Messages whose id or key is kept with something else; none of them was stored."""


class UndoRefused(GraphMemError):
    """A change that cannot be undone, or not alone; says why, and names the later ones that build on it."""


class WrongLoop(GraphMemError, RuntimeError):
    """A call from where the memory's event loop cannot answer it: it would wait for itself, or the loop is over."""


class NotFound(GraphMemError, LookupError):
    """Nothing of that id in this scope."""


class QueryError(GraphMemError):
    """A query file that breaks the loader's rules."""


class ModelError(GraphMemError):
    """The chat model gave no usable answer."""


class ModelUnavailable(ModelError):
    """No model, no key, no connection, or no answer in time."""


class ReplyUnparsable(ModelError):
    """A reply that does not fit the schema asked for."""


class ReplyRefused(ModelError):
    """A reply that fits the schema and breaks a rule of the ledger."""


class PromptTooLong(ModelError):
    """A prompt that is longer than what the model can read at once."""


class BatchTooCostly(ModelError):
    """Messages that would take more calls or tokens than the settings allow for a batch."""


class ReplyNotRecorded(ModelError):
    """The recording holds no reply for this call."""


class BudgetSpent(GraphMemError):
    """The calls or tokens of a scope, or of the day, are spent; messages wait."""


class EmbedderError(GraphMemError):
    """The embedding model cannot be loaded, or does not answer usefully."""


class VectorsForeign(EmbedderError):
    """The vectors of a graph or backup are another model's, or are being written anew."""


class RerankerError(GraphMemError):
    """The reranker cannot be loaded."""


class ServiceRefused(GraphMemError):
    """The service does not take this key, or the key may not do that."""


class ServiceUnavailable(GraphMemError):
    """The service does not answer, or does not say what is wrong."""


class AnswerLost(ServiceUnavailable):
    """No answer came, or none of the service's own; what was asked for may have been done all the same."""


class StoreError(GraphMemError):
    """Something went wrong in the graph store."""


class StoreUnavailable(StoreError):
    """The store cannot be reached or started."""


class StoreForbidden(StoreError):
    """The store refuses this user or this operation."""


class StoreTimeout(StoreError):
    """The store took longer than the settings allow."""


class QueryFailed(StoreError):
    """A query of a user that went wrong in the store."""


class StoreExhausted(StoreError):
    """The store has no memory or disk left for what was asked."""


class StoreForeign(StoreError):
    """The directory or graph belongs to something else."""


class StoreNewer(StoreError):
    """The graph was written by a newer graphmem."""


class StoreOlder(StoreError):
    """The graph was written by an older graphmem, and must be migrated."""


class StoreUnsupported(StoreError):
    """A server that graphmem does not speak to."""


class StoreConflict(StoreError):
    """Other writers were faster more often than this one retries."""
