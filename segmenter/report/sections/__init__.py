"""What there is to see, part by part."""
