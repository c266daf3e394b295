"""
Choosing: which messages go into the next delivery of a lane, and what may be lost on them.

Read `policy` (what is carried, and for how much), `prices` (what it costs now), `runs` (which neighbours go together),
`company` (how long the others wait), `exposure` and `stakes` (what may fail), `judging` (all of these asked at once),
`intake` (what becomes of messages that are due) and `batching` (how many fit one delivery).
"""
