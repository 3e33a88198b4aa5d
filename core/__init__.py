"""Usage Sync: what Sophos says was used, kept equal to what ConnectWise PSA bills."""
