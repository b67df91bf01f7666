"""Stand-ins for every vendor and platform on loopback, with faults on demand and a record of what arrived."""
