"""What requests and replies say: headers, limits, dates, forms of listings. Pure."""
