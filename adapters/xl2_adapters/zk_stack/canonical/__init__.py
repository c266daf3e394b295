"""The canonical bridge of the ZK stack: priority deposits, withdrawals, reclaims. Read `bridge` first."""
