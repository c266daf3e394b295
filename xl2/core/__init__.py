"""
Core: the protocol as values and rules. Nothing here knows a chain, a clock, a socket or a key.

Read in this order: `types`, `message`, `lane`, `segment`, `receipt`, `settlement`, `evidence`, `trie`,
`lifecycle`. The byte-level specification is docs/reference/protocol.md; the golden vectors in tests/vectors
pin it to the contracts.
"""
