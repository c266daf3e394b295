"""Keys: who keeps private keys, one file each; the entry points of the group `xl2.signers` that come with xl2."""
