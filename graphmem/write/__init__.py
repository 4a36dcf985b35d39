"""From messages to facts: one module a stage, composed by `pipeline`."""
