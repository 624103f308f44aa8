"""What history teaches: which pairs go together, learned from links or shared accounts, beside the evidence of the prior."""
