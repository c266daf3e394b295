"""
Choosing: what goes into the next delivery or settlement of a lane, and what may be lost on messages.

Read `policy` (what is carried, and for how much), `prices` (what it costs now), `runs` (which neighbours go together),
`company` (how long the others wait), `exposure` and `stakes` (what may fail), `judging` (all of these asked at once),
`intake` (what becomes of messages that are due), `batching` (how many fit one delivery) and `settlements` (which
receipts are proven back).
"""
