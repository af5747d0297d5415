"""A metric's series: pure arithmetic over points, and its form as bytes."""
