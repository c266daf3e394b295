"""The canonical bridge of Arbitrum: tickets and deposits down, sends and payouts up. Read `bridge` first."""
