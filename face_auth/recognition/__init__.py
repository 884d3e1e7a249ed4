"""Recognition: detection, alignment, pose, quality, embedding network and classifier."""
