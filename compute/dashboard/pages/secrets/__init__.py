"""What the key manager keeps: secrets, certificates, and who reads them."""
