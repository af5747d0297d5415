"""What Gnocchi's suites need beside a cloud: their form of basic authentication, and an
empty room for each of their files."""
