"""From a question to its context: one module a stage, composed by `pipeline`; `times` are those that it names."""
