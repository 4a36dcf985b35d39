"""The concrete parts behind the ports; built only by `wiring`."""
