"""
Watcher: recomputes from the chains alone what must hold on them, and pauses what broke it.

Read `facts` (what can be seen and checked), `contradiction` (when facts contradict each other, and what to pause),
`heads`, `deliveries` and `assets` (who looks for them), `witness` (who checks them again), `brake` (who pauses),
`resuming` (what would give it back), `watch` (all of it).
"""

from xl2.watcher.brake import Brake, Levers, Pulled
from xl2.watcher.contradiction import Contradiction, Pause, PauseAsset, PauseLane, PauseVerifier
from xl2.watcher.eyes import Eye
from xl2.watcher.record import Cabinet
from xl2.watcher.resuming import Resuming, resuming
from xl2.watcher.rights import KeyRights, key_rights
from xl2.watcher.watch import Asset, Watcher, WatchSettings

__all__ = [
    "Asset",
    "Brake",
    "Cabinet",
    "Contradiction",
    "Eye",
    "KeyRights",
    "Levers",
    "Pause",
    "PauseAsset",
    "PauseLane",
    "PauseVerifier",
    "Pulled",
    "Resuming",
    "WatchSettings",
    "Watcher",
    "key_rights",
    "resuming",
]
