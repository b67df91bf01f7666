"""What we send to."""
