"""Learning from what happened: history is read, held against the prior on a part kept back, and written as a bundle version."""
