"""What functional tests stand on: stores of real processes, and stock clients."""
