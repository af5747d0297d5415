"""Text for nft: what passes, is bent or counted; and which flows a change ends."""
