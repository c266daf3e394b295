"""The demo: six ways to move messages and tokens, each checked on the chains. Read `show` first."""
