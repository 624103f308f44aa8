"""Who the partners serve, by account: exact hashed sets and what their overlap says beyond chance."""
