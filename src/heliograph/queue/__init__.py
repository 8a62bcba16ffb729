"""Where jobs wait: rows written in the transaction of their cause. ARCHITECTURE section 6."""
