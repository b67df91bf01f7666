"""pandera models and input contracts, one file per boundary that data crosses."""
