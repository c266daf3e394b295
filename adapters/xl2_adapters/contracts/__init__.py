"""
Contracts: one thin typed class a contract of xl2: values in, calldata out; returned bytes and logs in, values out.

Promise: signatures stand here once and a test compares each with the compiled artifact. No class here decides anything.
"""
