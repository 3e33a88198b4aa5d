"""Clients of the vendors' HTTP interfaces: ConnectWise PSA and Sophos Central Partner."""
