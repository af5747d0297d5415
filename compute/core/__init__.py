"""What every room of the control plane is built with."""
