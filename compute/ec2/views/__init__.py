"""How things look in EC2's documents."""
