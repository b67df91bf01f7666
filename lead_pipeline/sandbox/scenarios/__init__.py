"""What vendors send to the intake service in a simulated day, one family a file, and who plays it."""
