"""`heliograph demo`: a shop, two hundred simulated user agents, and one notification to all of them."""
