"""Everything that tests Ringstack; product code never imports it."""
