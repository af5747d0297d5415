"""Who may do what: ACLs, bucket policies, public access block."""
