"""Sales platforms that take uploaded leads."""
