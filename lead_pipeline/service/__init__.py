"""The ASGI front door: request, step, response, and nothing else."""
