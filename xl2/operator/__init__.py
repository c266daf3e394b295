"""
Operator: what a person sees of a running relayer, and what he can tell it: HTTP, metrics, events.

Read `values` for what is answered, `desk` for what can be asked and ordered, `routes` for where, `service` for HTTP.
"""
