"""The account server: which containers an account has."""
