"""From a question to its context: one module a stage, composed by `pipeline`."""
