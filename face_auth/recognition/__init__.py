"""From frame to embedding and score: detection, alignment, quality, network and classifier."""
