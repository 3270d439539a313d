"""The chains that are known by name."""

from __future__ import annotations

import enum


class ChainId(enum.IntEnum):
    """The known chains; wherever a ``chain_id`` is taken, any other integer is as well.

    EVM chains have the ids that they have everywhere. Solana and Sui have none, and these are the
    service's own numbers. **Solana's are not those of the token registry, which has them the other
    way round (there 101 is mainnet), and all three Solana chains accept the same address: a wrong
    one is not refused.** Take the name.
    """

    ETHEREUM = 1
    OPTIMISM = 10
    POLYGON = 137
    BASE = 8453
    ARBITRUM = 42161
    POLYGON_AMOY = 80002
    SEPOLIA = 11155111
    SOLANA = 103
    SOLANA_TESTNET = 101
    SOLANA_DEVNET = 102
    SUI = 203
    SUI_TESTNET = 202
    SUI_DEVNET = 201
