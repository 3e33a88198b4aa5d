"""ConnectWise PSA and Sophos Central Partner on this machine, over one small fictitious world."""
