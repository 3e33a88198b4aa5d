"""What a person can do, each as one call: read, decide in the domain, act at the edges."""
