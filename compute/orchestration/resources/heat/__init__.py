"""Types that are made of nothing but the stack itself."""
