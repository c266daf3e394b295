"""xl2: messages and assets from one L2 to another."""
