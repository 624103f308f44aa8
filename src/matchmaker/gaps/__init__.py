"""What is missing between partners: interfaces, links, demand, and what the ecosystem as a whole lacks."""
